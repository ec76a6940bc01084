"""freeze.py LIBRARY: makes the present headers, types, constants and offsets those of
tests/abi/frozen, which every later version has to keep. To be run when something was added; what has
changed otherwise would break hosts, and needs a new SONAME first.

SPDX-License-Identifier: MIT
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import interface
import kept

MACROS = ("GAN_ABI_VERSION", "GAN_MAX_RANK")


def describe(library, headers, out):
    """The library's functions and the public types behind them, as XML without this machine's
    places."""
    subprocess.run(["abidw", "--headers-dir", headers, "--no-show-locs", "--no-comp-dir-path",
                    "--no-corpus-path", "--out-file", out, library], check=True)


def constants(headers):
    text = "".join(interface.code(header) for header in headers)
    return list(MACROS) + [name for body in re.findall(r"\benum \{(.*?)\}", text, re.S)
                           for name in re.findall(r"\b(GAN_\w+)\s*=", body)]


def write_layout(include, out):
    """layout.def, by a program that knows the numbers."""
    headers = sorted(Path(include).rglob("*.h"))
    lines = [f'    printf("VALUE({name}, %lld)\\n", (long long){name});' for name in
             constants(headers)]
    for name, fields in interface.structs(headers).items():
        lines.append(f'    printf("STRUCT({name}, %zu)\\n", sizeof({name}));')
        lines += [f'    printf("FIELD({name}, {field}, %zu, %zu)\\n", offsetof({name}, {field}), '
                  f'sizeof((({name} *)0)->{field}));' for field in fields]
    program = ("#include <gan.h>\n#include <stdio.h>\n\nint main(void) {\n" + "\n".join(lines) +
               "\n    return 0;\n}\n")
    with tempfile.TemporaryDirectory() as folder:
        executable = Path(folder) / "layout"
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-I", include, "-x", "c", "-", "-o",
                        executable], input=program, text=True, check=True)
        listing = subprocess.run([executable], check=True, text=True, capture_output=True).stdout
    Path(out).write_text("/* Written by freeze.py. SPDX-License-Identifier: MIT */\n" + listing)


def main(library):
    include = kept.FROZEN / "include"
    shutil.rmtree(include, ignore_errors=True)
    shutil.copytree(interface.ROOT / "include", include)
    describe(library, interface.ROOT / "include", kept.FROZEN / "libgan.abi")
    write_layout(include, kept.FROZEN / "layout.def")


if __name__ == "__main__":
    main(sys.argv[1])
