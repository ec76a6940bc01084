"""Finding, loading and checking the shared library, and values on their way into it.

SPDX-License-Identifier: MIT
"""

import ctypes
import numbers
import os
from pathlib import Path

import numpy as np

from . import errors
from ._table import ABI_VERSION, FUNCTIONS, INITIALIZERS, Conv2dOptions


class Library:
    """A loaded libgan. Every function of the C interface is an attribute, typed by the table."""

    def __init__(self, path):
        self.path = os.fspath(path)
        dll = ctypes.CDLL(self.path)
        for name, (result, arguments) in FUNCTIONS.items():
            try:
                function = getattr(dll, name)
            except AttributeError:
                raise ImportError(f"{self.path}: no function {name}") from None
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
            if name == "gan_abi_version" and function() != ABI_VERSION:
                raise ImportError(f"{self.path}: ABI version {function()}, "
                                  f"this binding is for {ABI_VERSION}")
        # float64 only in the library's own test build, which moves data as doubles.
        wide = self.gan_element_size() == 8
        self.dtype = np.dtype(np.float64 if wide else np.float32)
        self.element = ctypes.c_double if wide else ctypes.c_float
        self.from_elements = self.gan_from_doubles if wide else self.gan_from_floats
        self.read_elements = self.gan_tensor_read_doubles if wide else self.gan_tensor_read
        self.write_elements = self.gan_tensor_write_doubles if wide else self.gan_tensor_write

    @property
    def version(self):
        return self.gan_version().decode()

    @property
    def build_info(self):
        return self.gan_build_info().decode()

    def error(self, code, text=""):
        """The exception for a status code; without a text, the code's name."""
        return errors.from_code(code, text or self.gan_status_name(code).decode())

    def options(self, kind, **values):
        """An options struct with the library's defaults and these values over them."""
        struct = kind()
        getattr(self, INITIALIZERS[kind])(ctypes.byref(struct), ctypes.sizeof(struct))
        fields = {field[0] for field in kind._fields_} - {"struct_size", "reserved"}
        for name, value in values.items():
            field = name.rstrip("_")  # lambda_
            if field not in fields:
                raise TypeError(f"{kind.__name__} has no option {name!r}")
            setattr(struct, field, value)
        return struct

    def conv2d_options(self, stride=1, padding=0, dilation=1, output_padding=0, bias=True):
        """Each an int or (height, width); padding also ((top, bottom), (left, right))."""
        (top, bottom), (left, right) = (_pair(side) for side in _pair(padding))
        (stride_h, stride_w), (dilation_h, dilation_w) = _pair(stride), _pair(dilation)
        output_pad_h, output_pad_w = _pair(output_padding)
        return self.options(Conv2dOptions, stride_h=stride_h, stride_w=stride_w,
                            dilation_h=dilation_h, dilation_w=dilation_w, pad_top=top,
                            pad_bottom=bottom, pad_left=left, pad_right=right,
                            output_pad_h=output_pad_h, output_pad_w=output_pad_w, bias=bias)

    def pointer(self, array):
        """The elements of a contiguous array of the library's dtype."""
        return array.ctypes.data_as(ctypes.POINTER(self.element))


def _pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def sizes(values):
    """int64_t[]: a shape, or another list with an entry per axis."""
    return (ctypes.c_int64 * len(values))(*values)


def axes(values):
    """(int32_t[], count) of one axis, several, or None for all."""
    if values is None:
        values = ()
    elif isinstance(values, numbers.Integral):
        values = (values,)
    return (ctypes.c_int32 * len(values))(*values), len(values)


def labels(values):
    """(int32_t*, count) of integer labels or indices. The pointer keeps the array alive."""
    array = np.atleast_1d(np.asarray(values))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError("labels are a one-dimensional array of integers")
    narrow = np.ascontiguousarray(array, dtype=np.int32)
    if not np.array_equal(narrow, array):
        raise OverflowError("labels must fit in 32 bits")
    return narrow.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)), narrow.size


def text(value):
    """char*: a name, or None."""
    return None if value is None else value.encode()


def load(path):
    """Loads the library at `path`. Several may be loaded in one process."""
    return Library(path)


def _candidates():
    """Where to look: the environment, this package, the repository's build, the system."""
    if "GAN_LIBRARY" in os.environ:
        return [os.environ["GAN_LIBRARY"]]
    package = Path(__file__).resolve().parent
    files = [package / "libgan.so", package.parents[2] / "build/release/lib/libgan.so"]
    return [file for file in files if file.exists()] + ["libgan.so.0"]


_default = None


def default_library():
    """The library that is used where none is named; loaded at first use."""
    global _default
    if _default is None:
        path = _candidates()[0]
        try:
            _default = Library(path)
        except OSError as reason:
            raise ImportError(f"libgan was not found; name it in GAN_LIBRARY ({reason})") from None
    return _default
