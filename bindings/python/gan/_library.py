"""Finding, loading and checking the shared library, and values on their way into it.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import errors
from ._table import ABI_VERSION, FUNCTIONS, INITIALIZERS, Conv2dOptions


# One axis, several, or None for all.
Axes = Union[int, Sequence[int], None]
FilePath = Union[str, "os.PathLike[str]"]


class Library:
    """A loaded libgan. Every function of the C interface is an attribute, typed by the table."""

    def __init__(self, path: FilePath) -> None:
        self.path = os.fspath(path)
        dll = ctypes.CDLL(self.path)
        self._check_version(dll)
        for name, (result, arguments) in FUNCTIONS.items():
            try:
                function = getattr(dll, name)
            except AttributeError:
                raise ImportError(f"{self.path} is older than this binding: it has no function "
                                  f"{name}") from None
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        # float64 only in the library's own test build, which moves data as doubles.
        wide = self.gan_element_size() == 8
        self.dtype = np.dtype(np.float64 if wide else np.float32)
        self.element = ctypes.c_double if wide else ctypes.c_float
        self.from_elements = self.gan_from_doubles if wide else self.gan_from_floats
        self.read_elements = self.gan_tensor_read_doubles if wide else self.gan_tensor_read
        self.write_elements = self.gan_tensor_write_doubles if wide else self.gan_tensor_write

    if TYPE_CHECKING:  # the functions, which __init__ sets

        def __getattr__(self, name: str) -> Any:
            ...

    def _check_version(self, dll: ctypes.CDLL) -> None:
        """Before anything else is called, ImportError for another library or another ABI."""
        try:
            version = dll.gan_abi_version()
        except AttributeError:
            raise ImportError(f"{self.path} is no libgan: it has no gan_abi_version") from None
        if version != ABI_VERSION:
            raise ImportError(f"{self.path} has ABI version {version}, this binding is for "
                              f"{ABI_VERSION}: install the two from the same release")

    @property
    def version(self) -> str:
        return self.gan_version().decode()

    @property
    def build_info(self) -> str:
        return self.gan_build_info().decode()

    def error(self, code: int, text: bytes = b"") -> errors.Error:
        """The exception for a status code; without a text, the code's name. Texts quote what a host
        or a file gave, which need not be UTF-8."""
        text = text or self.gan_status_name(code)
        return errors.from_code(code, text.decode(errors="replace"))

    def options(self, kind: Any, **values: Any) -> Any:
        """An options struct with the library's defaults and these values over them."""
        struct = kind()
        getattr(self, INITIALIZERS[kind])(ctypes.byref(struct), ctypes.sizeof(struct))
        fields = {name for name, _ in kind._fields_
                  if name != "struct_size" and not name.startswith("reserved")}
        for name, value in values.items():
            field = name.rstrip("_")  # lambda_
            if field not in fields:
                raise TypeError(f"{kind.__name__} has no option {name!r}")
            setattr(struct, field, value)
        return struct

    def conv2d_options(self, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
                       output_padding: Any = 0, bias: bool = True) -> Any:
        """Each an int or (height, width); padding also ((top, bottom), (left, right))."""
        (top, bottom), (left, right) = (_pair(side) for side in _pair(padding))
        (stride_h, stride_w), (dilation_h, dilation_w) = _pair(stride), _pair(dilation)
        output_pad_h, output_pad_w = _pair(output_padding)
        return self.options(Conv2dOptions, stride_h=stride_h, stride_w=stride_w,
                            dilation_h=dilation_h, dilation_w=dilation_w, pad_top=top,
                            pad_bottom=bottom, pad_left=left, pad_right=right,
                            output_pad_h=output_pad_h, output_pad_w=output_pad_w, bias=bias)

    def pointer(self, array: npt.NDArray[Any]) -> Any:
        """The elements of a contiguous array of the library's dtype."""
        return array.ctypes.data_as(ctypes.POINTER(self.element))


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def sizes(values: Sequence[int]) -> Any:
    """int64_t[]: a shape, or another list with an entry per axis."""
    return (ctypes.c_int64 * len(values))(*values)


def axes(values: Axes) -> tuple[Any, int]:
    """(int32_t[], count) of one axis, several, or None for all."""
    if values is None:
        values = ()
    elif isinstance(values, (int, np.integer)):
        values = (values,)
    return (ctypes.c_int32 * len(values))(*values), len(values)


def labels(values: npt.ArrayLike) -> tuple[Any, int]:
    """(int32_t*, count) of integer labels or indices. The pointer keeps the array alive."""
    array = np.atleast_1d(np.asarray(values))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError("labels are a one-dimensional array of integers")
    narrow = np.ascontiguousarray(array, dtype=np.int32)
    if not np.array_equal(narrow, array):
        raise OverflowError("labels must fit in 32 bits")
    return narrow.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)), narrow.size


def text(value: str | None) -> bytes | None:
    """char*: a name, or None."""
    return None if value is None else value.encode()


def load(path: FilePath) -> Library:
    """Loads the library at `path`. Several may be loaded in one process."""
    return Library(path)


def _candidates() -> list[str]:
    """Where to look: the environment, this package, the repository's build, the system."""
    if os.environ.get("GAN_LIBRARY"):
        return [os.environ["GAN_LIBRARY"]]
    package = Path(__file__).resolve().parent
    files = [package / "libgan.so", package.parents[2] / "build/release/lib/libgan.so"]
    return [os.fspath(file) for file in files if file.exists()] + ["libgan.so.0"]


_default: Library | None = None


def default_library() -> Library:
    """The library that is used where none is named; loaded at first use."""
    global _default
    if _default is None:
        path = _candidates()[0]
        try:
            _default = Library(path)
        except OSError as reason:
            raise ImportError(f"libgan was not found; name it in GAN_LIBRARY ({reason})") from None
    return _default
