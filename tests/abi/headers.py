"""headers.py LIBRARY: each public header compiles alone, as strict C99 and as C++11, and a program
that takes every function's address links, in both languages.

SPDX-License-Identifier: MIT
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import interface

# -Wpadded: a field that came into the padding at a struct's end would not change its size.
STRICT = ["-pedantic-errors", "-Wall", "-Wextra", "-Wpadded", "-Werror",
          "-I", str(interface.ROOT / "include")]
LANGUAGES = {
    "C99": [os.environ.get("CC", "cc"), "-std=c99", "-x", "c"] + STRICT,
    "C++11": [os.environ.get("CXX", "c++"), "-std=c++11", "-x", "c++"] + STRICT,
}


def compile_text(compiler, text, arguments):
    """The compiler's complaint, or ''."""
    run = subprocess.run(compiler + ["-"] + arguments, input=text, text=True, capture_output=True)
    return run.stderr if run.returncode else ""


def main(library):
    errors = []
    names = sorted(interface.prototypes())
    includes = [header.relative_to(interface.ROOT / "include").as_posix()
                for header in interface.HEADERS]
    addresses = "".join(f"    (function)&{name},\n" for name in names)
    program = (f'#include "gan.h"\n\ntypedef void (*function)(void);\n'
               f'static const function all[] = {{\n{addresses}}};\n\n'
               f'int main(void) {{ return all[0] ? 0 : 1; }}\n')
    with tempfile.TemporaryDirectory() as folder:
        for language, compiler in LANGUAGES.items():
            for include in includes:
                # Twice: a header may be included again.
                text = f'#include "{include}"\n#include "{include}"\nint main(void) {{ return 0; }}\n'
                complaint = compile_text(compiler, text, ["-fsyntax-only"])
                if complaint:
                    errors.append(f"{include} as {language}:\n{complaint}")
            executable = str(Path(folder) / "addresses")
            complaint = compile_text(compiler, program, [
                "-o", executable, "-x", "none", library, f"-Wl,-rpath,{Path(library).parent}"])
            if complaint:
                errors.append(f"taking all addresses in {language}:\n{complaint}")
            elif subprocess.run([executable]).returncode:
                errors.append(f"the {language} program with all addresses does not run")
    return interface.report(errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
