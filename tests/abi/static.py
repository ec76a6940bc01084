"""static.py LIBRARY: the static library is one object, in which nothing but libgan.map is visible, and
which asks for nothing that the project or OpenBLAS would have to give.

SPDX-License-Identifier: MIT
"""

import subprocess
import sys

import interface
import objects


def names(library, which):
    listing = subprocess.run(["nm", "-g", which, library], check=True, text=True,
                             capture_output=True).stdout
    return {line.split()[-1] for line in listing.splitlines() if line and not line.endswith(":")}


def main(library):
    members = subprocess.run(["ar", "t", library], check=True, text=True,
                             capture_output=True).stdout.split()
    errors = [] if len(members) == 1 else [f"{len(members)} members"]
    errors += interface.compare(library, names(library, "--defined-only"), "libgan.map",
                                interface.exported())
    errors += [f"{library} refers to {name}" for name in sorted(objects.undefined(library))
               if not name.endswith(":") and name.startswith(("gan_", "kernels_", "cblas_", "openblas_", "blas_", "__wrap_"))]
    return interface.report(errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
