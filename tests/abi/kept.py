"""kept.py LIBRARY: what the library (with the description of its types) and the headers promise is
at least what tests/abi/frozen holds: functions and types by abidiff, constants and offsets by the
compiler.

SPDX-License-Identifier: MIT
"""

import os
import re
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


def retyped(frozen, headers):
    """The compiler's complaint about functions, callbacks and fields of other types than the frozen
    headers': abidiff lets pass what has no place in its description, and other types of one size
    wherever a struct may grow."""
    lines = ["#include <gan.h>"]
    files = sorted(Path(frozen).rglob("*.h"))
    for text in map(interface.code, files):
        lines += re.findall(r"^typedef [^;{}]*\(\*\w+\)\([^;{}]*\);", text, re.M)
        lines += [f"{result}{name}({arguments});"
                  for result, name, arguments in interface.PROTOTYPE.findall(text)]
        lines += [f"typedef struct old_{name} {{{body}}} old_{name};"
                  for name, body in interface.STRUCT.findall(text)]
    lines += [f"_Static_assert(__builtin_types_compatible_p(__typeof__(((old_{name} *)0)->{field}), "
              f"__typeof__((({name} *)0)->{field})), \"{name}.{field}\");"
              for name, fields in interface.structs(files).items() for field in fields]
    run = subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-fsyntax-only", "-I", headers,
                          "-x", "c", "-"], input="\n".join(lines), text=True, capture_output=True)
    return run.stderr if run.returncode else ""


def main(library):
    headers = interface.ROOT / "include"
    found = [changes(FROZEN / "libgan.abi", library, headers), moved(FROZEN / "layout.def", headers),
             retyped(FROZEN / "include", headers)]
    return interface.report([text for text in found if text])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
