"""size.py STRIP LIBRARY: the library without its symbol table stays small.

SPDX-License-Identifier: MIT
"""

import subprocess
import sys
import tempfile
from pathlib import Path

MOST = 1_000_000


def main():
    strip, library = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "stripped"
        subprocess.run([strip, "-o", stripped, library], check=True)
        size = stripped.stat().st_size
    print(f"{size} bytes, {MOST} at most")
    sys.exit(size >= MOST)


main()
