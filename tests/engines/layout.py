"""layout.py MONO MCS CDEF: the structs of bindings/csharp/Gan.cs are laid out as C's, and its
functions are the headers'.

SPDX-License-Identifier: MIT
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import cffi

HERE = Path(__file__).resolve().parent
BINDING = HERE.parents[1] / "bindings/csharp/Gan.cs"
STRUCTS = {"SamplerOptions": "gan_sampler_opts", "SamplerInfo": "gan_sampler_info",
           "SamplerRequest": "gan_sampler_request"}


def of_csharp(mono, mcs):
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "layout.exe")
        subprocess.run([mcs, "-unsafe", f"-out:{program}", HERE / "Layout.cs", BINDING], check=True)
        return set(subprocess.run([mono, program], check=True, text=True,
                                  capture_output=True).stdout.splitlines())


def of_c(ffi):
    lines = set()
    for name, struct in STRUCTS.items():
        lines |= {f"{name} {field} {info.offset}" for field, info in ffi.typeof(struct).fields}
        lines.add(f"{name} {ffi.sizeof(struct)}")
    return lines


def main(mono, mcs, cdef):
    text = Path(cdef).read_text()
    ffi = cffi.FFI()
    ffi.cdef(text)
    binding = BINDING.read_text()
    version = re.search(r"GAN_ABI_VERSION = (\d+)", text)[1]
    assert f"int AbiVersion = {version};" in binding, "Gan.cs is for another ABI version"
    for name, arguments in re.findall(r"extern [^;(]*?(gan_\w+)\(([^;]*)\);", binding):
        prototype = re.search(rf"\b{name}\(([^;]*)\);", text)
        assert prototype, f"{name} is no function of the headers"
        count = 0 if prototype[1] == "void" else prototype[1].count(",") + 1
        assert count == (arguments.count(",") + 1 if arguments else 0), f"{name}: {arguments}"
    difference = of_csharp(mono, mcs) ^ of_c(ffi)
    assert not difference, "\n".join(sorted(difference))


if __name__ == "__main__":
    main(*sys.argv[1:])
