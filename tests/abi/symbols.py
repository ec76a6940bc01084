"""symbols.py LIBRARY...: the libraries' exported symbols, libgan.map, the headers' prototypes and the
Python binding's table name the same functions; each prototype is explained in its header.

SPDX-License-Identifier: MIT
"""

import re
import subprocess
import sys

import interface


def symbols(library):
    """Names that the shared library defines, without the version's own."""
    listing = subprocess.run(["nm", "-D", "--defined-only", library], check=True, text=True,
                             capture_output=True).stdout
    names = {line.split()[-1] for line in listing.splitlines()}
    return {re.sub("@.*", "", name) for name in names if not name.startswith("GAN_")}


def table():
    """Names in the binding's table."""
    text = (interface.ROOT / "bindings/python/gan/_table.py").read_text()
    return set(re.findall(r'^\s+"(gan_\w+)":', text, re.M))


def soname(library):
    listing = subprocess.run(["readelf", "-d", library], check=True, text=True,
                             capture_output=True).stdout
    return re.search(r"SONAME.*\[(.*)\]", listing).group(1)


def unexplained():
    """Prototypes without a comment: neither above their group nor on their line.

    A group is a run of prototypes and typedefs between blank lines; one comment may serve it all.
    """
    errors = []
    for name, (header, at) in interface.prototypes().items():
        text = header.read_text()
        group_start = text.rfind("\n\n", 0, at) + 2
        group_end = text.find("\n\n", at)
        if "/*" not in text[group_start:group_end]:
            errors.append(f"{header.name}: {name} has no comment")
    return errors


def main(libraries):
    mapped = interface.exported()
    errors = interface.compare("libgan.map", mapped, "the headers", set(interface.prototypes()))
    errors += interface.compare("bindings/python/gan/_table.py", table(), "libgan.map", mapped)
    for library in libraries:
        errors += interface.compare(library, symbols(library), "libgan.map", mapped)
    version = re.search(r"#define GAN_ABI_VERSION (\d+)",
                        (interface.ROOT / "include/gan/base.h").read_text()).group(1)
    if not soname(libraries[0]).endswith(f".so.{version}"):
        errors.append(f"the SONAME is {soname(libraries[0])}, GAN_ABI_VERSION is {version}")
    return interface.report(errors + unexplained())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
