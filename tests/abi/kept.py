"""kept.py LIBRARY: what the library (with the description of its types) and the headers promise is
at least what tests/abi/frozen holds: functions and types by abidiff, constants and offsets by the
compiler.

SPDX-License-Identifier: MIT
"""

import os
import subprocess
import sys
from pathlib import Path

import interface

FOLDER = Path(__file__).resolve().parent
FROZEN = FOLDER / "frozen"


def changes(baseline, library, headers):
    """What abidiff finds beside functions that came and fields that were appended; '' if nothing.

    Without the headers' folder it would also look at what is behind the handles.
    """
    run = subprocess.run(["abidiff", "--no-added-syms", "--suppressions",
                          FOLDER / "appended.suppr", "--headers-dir2", headers, baseline, library],
                         text=True, capture_output=True)
    return run.stdout + run.stderr if run.returncode else ""


def moved(layout, headers):
    """The compiler's complaint about constants and offsets that are not the frozen ones."""
    run = subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-fsyntax-only", "-I", headers,
                          "-I", Path(layout).parent, FOLDER / "layout.c"],
                         text=True, capture_output=True)
    return run.stderr if run.returncode else ""


def main(library):
    headers = interface.ROOT / "include"
    found = [changes(FROZEN / "libgan.abi", library, headers), moved(FROZEN / "layout.def", headers)]
    return interface.report([text for text in found if text])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
