"""layers.py: the folders of lib/ are layers, and includes point down only; public headers include
public headers; cblas.h is seen by one file.

SPDX-License-Identifier: MIT
"""

import re
import sys

import interface

# Which folders a folder may include. core may name the node of the tape, which is its own.
ALLOWED = {
    "core": {"core"},
    "kernels": {"kernels", "core"},
    "autograd": {"autograd", "ops", "core"},
    "ops": {"ops", "autograd", "kernels", "core"},
    "io": {"io", "core"},
    "data": {"data", "io", "kernels", "core"},
    "nn": {"nn", "io", "ops", "autograd", "kernels", "core"},
    "optim": {"optim", "nn", "autograd", "kernels", "core"},
    "metrics": {"metrics", "kernels", "core"},
    "sampler": {"sampler", "data", "io", "ops", "autograd", "kernels", "core"},
    "train": {"train", "data", "optim", "nn", "io", "ops", "autograd", "kernels", "core"},
    "api": {"api", "metrics", "sampler", "train", "data", "optim", "nn", "io", "ops", "autograd", "kernels",
            "core"},
}

# The inside of a tensor is open to these only: an operator cannot read elements past the graph.
TENSOR_IMPL = {"core", "autograd", "api"}

# Libraries from outside, and the files that may see them.
OUTSIDE = {"cblas.h": {"kernels/gemm_blas.c"}, "png.h": {"io/png.c"}, "zlib.h": {"io/idx.c", "io/zip.c"},
           "pthread.h": {"core/context.h", "core/runner.c", "core/threads.c",
                         "kernels/blas_lock.c"}}

# Fewer lines than this a file: longer ones do more than one thing.
LONGEST = 600

INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)


def check(path):
    lib = interface.ROOT / "lib"
    name = path.relative_to(lib).as_posix()
    folder = name.split("/")[0]
    text = path.read_text()
    errors = []
    for include in INCLUDE.findall(text):
        target = include.split("/")[0]
        if target in ALLOWED and (lib / include).exists() and target not in ALLOWED[folder]:
            errors.append(f"{name} includes {include}: {folder} may not call {target}")
        if include == "core/tensor_impl.h" and folder not in TENSOR_IMPL:
            errors.append(f"{name} includes {include}")
        if include in OUTSIDE and name not in OUTSIDE[include]:
            errors.append(f"{name} includes {include}")
    lines = text.count("\n")
    if lines >= LONGEST:
        errors.append(f"{name} has {lines} lines")
    return errors


def main():
    sources = sorted(path for path in (interface.ROOT / "lib").rglob("*")
                     if path.suffix in {".c", ".h", ".def"})
    errors = [error for path in sources for error in check(path)]
    folders = {path.relative_to(interface.ROOT / "lib").parts[0] for path in sources}
    errors += [f"lib/{folder} is no known layer" for folder in sorted(folders - set(ALLOWED))]
    for header in interface.HEADERS:
        errors += [f"{header.name} includes {include}" for include in INCLUDE.findall(header.read_text())
                   if not include.startswith("gan/") and include not in {"stddef.h", "stdint.h"}]
    return interface.report(errors)


if __name__ == "__main__":
    sys.exit(main())
