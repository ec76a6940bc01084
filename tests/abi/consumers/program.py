"""program.py LIBRARY: ctypes and nothing else.

SPDX-License-Identifier: MIT
"""

import ctypes
import sys

gan = ctypes.CDLL(sys.argv[1])
gan.gan_version.restype = ctypes.c_char_p
gan.gan_full.restype = gan.gan_sum_all.restype = ctypes.c_void_p
gan.gan_full.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64), ctypes.c_int32,
                         ctypes.c_double]
gan.gan_sum_all.argtypes = gan.gan_context_destroy.argtypes = [ctypes.c_void_p]
gan.gan_tensor_item.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_double)]

context, total = ctypes.c_void_p(), ctypes.c_double()
assert gan.gan_context_create(None, ctypes.byref(context)) == 0
ones = gan.gan_full(context, (ctypes.c_int64 * 2)(2, 3), 2, 1.5)
assert gan.gan_tensor_item(gan.gan_sum_all(ones), ctypes.byref(total)) == 0
assert total.value == 9
gan.gan_context_destroy(context)
print(f"libgan {gan.gan_version().decode()}: trained")
