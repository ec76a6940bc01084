"""reference.py FOLDER: the reference was made without a warning (or it would not be there), every
declaration of the headers has a text in it, and every function a man page.

SPDX-License-Identifier: MIT
"""

import sys
from pathlib import Path

import interface

sys.path.insert(0, str(interface.ROOT / "docs/reference"))
import filter as headers  # noqa: E402


def main(folder):
    pages = Path(folder) / "man/man3"
    errors = [] if (Path(folder) / "built").exists() else ["Doxygen has not succeeded"]
    for header in interface.HEADERS:
        text = header.read_text()
        found = headers.declarations(text[headers.COMMENT.search(text).end():])
        errors += [f"{header.name}: no text for {declaration.splitlines()[0]}"
                   for declaration, about in found if not about]
    for name in list(interface.prototypes()) + list(interface.structs()):
        if not (pages / f"{name}.3").exists():
            errors.append(f"{name} has no man page")
    return interface.report(errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
