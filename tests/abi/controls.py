"""controls.py: the comparison of kept.py sees what would break hosts, and lets pass what does not.

Two libraries of empty functions are made of the frozen headers, one of them with a change, and the
second is compared with the first.

SPDX-License-Identifier: MIT
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import freeze
import interface
import kept

# (what, header, pattern, replacement, whether hosts would notice)
CHANGES = [
    ("nothing", "optim.h", r"double beta1;", r"double beta1;", False),
    ("a function that is gone", "ops.h", r"GAN_API gan_tensor \*gan_relu\(.*?;", "", True),
    ("an argument of another type", "nn.h", r"(gan_add_dropout\([^)]*)double p", r"\1float p", True),
    ("a result of another type", "grad.h", r"int32_t gan_grad\(", "int64_t gan_grad(", True),
    ("a field before others", "optim.h", r"double beta1;", "double before;\n    double beta1;", True),
    ("a narrower field", "optim.h", r"double beta2;", "float beta2;", True),
    ("a field that is gone", "train.h", r"double average;", "", True),
    ("fields that changed places", "data.h", r"double lo, hi;", "double hi, lo;", True),
    ("a field behind all others", "optim.h", r"\} gan_adam_opts;",
     "    double last;\n} gan_adam_opts;", False),
    ("one behind all others, and a narrower one", "optim.h",
     r"double eps; (.*?)\} gan_adam_opts;", r"float eps; \1    double last;\n} gan_adam_opts;", True),
    ("a field of another type of its size", "optim.h", r"double beta1;", "int64_t beta1;", True),
    ("a callback's arguments", "base.h", r"gan_alloc_fn\)\(void \*user, size_t bytes\)",
     "gan_alloc_fn)(size_t bytes, void *user)", True),
    ("a handle of another kind", "ops.h", r"gan_relu\(gan_tensor \*", "gan_relu(gan_module *", True),
    ("options of another kind", "optim.h", r"(gan_adam_create\([^)]*)gan_adam_opts",
     r"\1gan_sgd_opts", True),
    ("another function", "ops.h", r"GAN_API gan_tensor \*gan_relu\(",
     "GAN_API gan_tensor *gan_relu_too(gan_tensor *x);\n\\g<0>", False),
    ("a constant of another value", "base.h", r"GAN_EIO = -8", "GAN_EIO = -12", True),
    ("a flag that is gone", "grad.h", r"GAN_GRAD_STRICT = 4", "", True),
    ("another constant", "base.h", r"GAN_EABI = -11", "GAN_EABI = -11, GAN_ENEW = -12", False),
]


def stub(headers, out):
    """A shared library that has every function of the headers, and nothing in them."""
    functions = []
    for header in sorted(headers.rglob("*.h")):
        for result, name, arguments in interface.PROTOTYPE.findall(interface.code(header)):
            body = "" if result.strip() == "void" else " return 0; "
            functions.append(f"{result}{name}({arguments}) {{{body}}}\n")
    subprocess.run([os.environ.get("CC", "cc"), "-std=c99", "-g", "-O0", "-w", "-shared", "-fPIC",
                    "-Wl,-soname,libgan.so.0", "-I", headers, "-x", "c", "-", "-o", out],
                   input='#include "gan.h"\n' + "".join(functions), text=True, check=True)


def noticed(folder, old, change):
    what, header, pattern, replacement, _ = change
    headers = folder / "changed"
    shutil.rmtree(headers, ignore_errors=True)
    shutil.copytree(kept.FROZEN / "include", headers)
    path = headers / "gan" / header
    text, count = re.subn(pattern, replacement, path.read_text(), count=1, flags=re.S)
    assert count == 1, f"{what}: nothing to change in {header}"
    path.write_text(text)
    stub(headers, folder / "new.so")
    return bool(kept.changes(old / "libgan.abi", folder / "new.so", headers) or
                kept.moved(old / "layout.def", headers) or
                kept.retyped(kept.FROZEN / "include", headers))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = folder / "old"
        old.mkdir()
        stub(kept.FROZEN / "include", old / "old.so")
        freeze.describe(old / "old.so", kept.FROZEN / "include", old / "libgan.abi")
        freeze.write_layout(kept.FROZEN / "include", old / "layout.def")
        return interface.report(
            [f"{change[0]} is {'not ' if change[-1] else ''}noticed" for change in CHANGES
             if noticed(folder, old, change) != change[-1]])


if __name__ == "__main__":
    sys.exit(main())
