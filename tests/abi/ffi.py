"""ffi.py CDEF LIBRARY: cffi reads the declarations, finds every function, and computes.

SPDX-License-Identifier: MIT
"""

import sys
from pathlib import Path

import cffi
import interface

text = Path(sys.argv[1]).read_text()
ffi = cffi.FFI()
ffi.cdef(text)
gan = ffi.dlopen(sys.argv[2])

for name in interface.prototypes():
    getattr(gan, name)
assert gan.gan_abi_version() == gan.GAN_ABI_VERSION
assert gan.GAN_EABI == -11

options = ffi.new("gan_context_opts *")
gan.gan_context_opts_init(options, ffi.sizeof("gan_context_opts"))
out = ffi.new("gan_context **")
assert gan.gan_context_create(options, out) == gan.GAN_OK
x = gan.gan_full(out[0], [2, 3], 2, 1.5)
total = ffi.new("double *")
assert gan.gan_tensor_item(gan.gan_sum_all(x), total) == 0 and total[0] == 9
gan.gan_context_destroy(out[0])
