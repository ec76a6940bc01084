"""cpp.py LIBRARY: the C++ headers, beside C's as an installation has them, each compile alone; with
g++ and clang++, strictly, two files that include them link, and the test of the interface passes
against the shared library. docs/api.md's example compiles.

SPDX-License-Identifier: MIT
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import interface

CPP = interface.ROOT / "bindings/cpp"
TEST = interface.ROOT / "tests/unit/test_cpp.cpp"
LANGUAGES = [["g++", "-std=c++17"], ["clang++", "-std=c++17"], ["g++", "-std=c++20"]]
STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-pedantic", "-Werror"]


def run(command, **options):
    """What a command complains about, or ''."""
    ended = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           **options)
    return f"{' '.join(map(str, command))}\n{ended.stdout}" if ended.returncode else ""


def complaints(folder, library):
    """The headers lie in folder/include."""
    strict = [*STRICT, "-I", folder / "include"]
    headers = [header.relative_to(CPP).as_posix() for header in sorted(CPP.rglob("*.hpp"))]
    for header in headers:
        yield run([*LANGUAGES[0], *strict, "-fsyntax-only", "-x", "c++", "-"],
                  input=f'#include "{header}"\n')
    example = re.search(r"```cpp\n(.*?)```", (interface.ROOT / "docs/api.md").read_text(), re.S)[1]
    yield run([*LANGUAGES[0], *strict, "-fsyntax-only", "-x", "c++", "-"],
              input=f'#include "gan.hpp"\nint main() {{\n{example}}}\n')
    twice = "".join(f'#include "{header}"\n' for header in headers + headers)
    (folder / "other.cpp").write_text(
        f"{twice}double other(const gan::tensor &x) {{ return gan::sum(x * x).item(); }}\n")
    program = folder / "program"
    for language in LANGUAGES:
        yield (run([*language, *strict, TEST, folder / "other.cpp", "-o", program, library,
                    f"-Wl,-rpath,{Path(library).parent}"]) or run([program]))


def main(library):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copytree(interface.ROOT / "include", folder / "include")
        shutil.copytree(CPP, folder / "include", dirs_exist_ok=True)
        return interface.report([text for text in complaints(folder, library) if text])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
