"""layout.py MONO MCS CDEF MODEL: the structs of bindings/csharp/Gan.cs are laid out as C's, its
functions are the headers', and Binding.cs, which uses them, finds nothing wrong.

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


def run(mono, mcs, source, *arguments):
    """What a program of the binding prints."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program.exe")
        subprocess.run([mcs, "-unsafe", f"-out:{program}", HERE / source, BINDING], check=True)
        return subprocess.run([mono, program, *arguments], check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def of_c(ffi):
    lines = set()
    for name, struct in STRUCTS.items():
        lines |= {f"{name} {field} {info.offset}" for field, info in ffi.typeof(struct).fields}
        lines.add(f"{name} {ffi.sizeof(struct)}")
    return lines


def main(mono, mcs, cdef, model):
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
    difference = set(run(mono, mcs, "Layout.cs").splitlines()) ^ of_c(ffi)
    assert not difference, "\n".join(sorted(difference))
    run(mono, mcs, "Binding.cs", model)


if __name__ == "__main__":
    main(*sys.argv[1:])
