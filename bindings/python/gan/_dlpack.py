"""DLPack capsules: how other libraries of arrays take a tensor without a copy.

A capsule holds a managed tensor: a C struct with a `deleter`, which its consumer calls when it is
done, or the capsule's destructor does what it would if nobody consumed it. Both come back to Python
here, and may be called while an exception is on its way. Python code cannot call anything in that
state, so they put the exception aside first, in room that was prepared with the capsule. (ctypes
cannot hand it on afterwards: it is printed, as one in a finaliser is.)

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, PYFUNCTYPE, Structure, addressof, byref, c_char_p, c_int,
                    c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p, py_object,
                    pythonapi)
from typing import Any

CPU = (1, 0)  # kDLCPU, device 0
VERSION = (1, 0)
_FLOAT = 2  # kDLFloat
_READ_ONLY, _IS_COPIED = 1, 2  # DLPACK_FLAG_BITMASK_…

# The structs of dlpack.h 1.0.


class _Tensor(Structure):
    _fields_ = [("data", c_void_p), ("device_type", c_int32), ("device_id", c_int32),
                ("ndim", c_int32), ("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16),
                ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)),
                ("byte_offset", c_uint64)]


_Deleter = CFUNCTYPE(None, c_void_p)


class _Managed(Structure):
    _fields_ = [("tensor", _Tensor), ("manager", c_void_p), ("deleter", _Deleter)]


class _ManagedVersioned(Structure):
    _fields_ = [("major", c_uint32), ("minor", c_uint32), ("manager", c_void_p),
                ("deleter", _Deleter), ("flags", c_uint64), ("tensor", _Tensor)]


_LEGACY, _VERSIONED = b"dltensor", b"dltensor_versioned"


_Destructor = CFUNCTYPE(None, c_void_p)
_new_capsule = PYFUNCTYPE(py_object, c_void_p, c_char_p, _Destructor)(("PyCapsule_New", pythonapi))
_is_valid = PYFUNCTYPE(c_int, c_void_p, c_char_p)(("PyCapsule_IsValid", pythonapi))

# Without argument types, whose conversions would be calls.
_fetch, _restore = pythonapi["PyErr_Fetch"], pythonapi["PyErr_Restore"]
_fetch.restype = _restore.restype = None


class _Aside:
    """Room for an exception."""

    def __init__(self) -> None:
        self.error = c_void_p(), c_void_p(), c_void_p()
        self.room = tuple(byref(part) for part in self.error)


class _Export:
    """A managed tensor that is in use, and all that must live as long."""

    def __init__(self, struct: Any, name: bytes, keep: Any) -> None:
        self.struct, self.name, self.keep = struct, name, keep
        self.address = addressof(struct)
        self.deleting, self.destroying = _Aside(), _Aside()


_exports: dict[int, _Export] = {}  # by the struct's address, until its deleter is called
_capsules: dict[int, _Export] = {}  # by the capsule's address, until it is destroyed


# The names that these two use are their defaults: at Python's end a module's names are gone first.


@_Deleter
def _delete(address, exports=_exports, fetch=_fetch, restore=_restore):  # type: ignore
    aside = exports[address].deleting
    fetch(*aside.room)
    del exports[address]
    restore(*aside.error)


@_Destructor
def _destroy(capsule, capsules=_capsules, exports=_exports, fetch=_fetch,  # type: ignore
             restore=_restore, is_valid=_is_valid):
    aside = capsules[capsule].destroying
    fetch(*aside.room)
    export = capsules.pop(capsule)
    # A consumer renames the capsule that it takes over, and calls the deleter itself.
    if is_valid(capsule, export.name):
        del exports[export.address]
    del export
    restore(*aside.error)


def capsule(data: int, shape: tuple[int, ...], bits: int, keep: Any, versioned: bool,
            copied: bool) -> Any:
    """A capsule of elements at an address, row-major; `keep` lives until they are given back."""
    sizes = (c_int64 * max(len(shape), 1))(*shape)
    strides = (c_int64 * max(len(shape), 1))()
    step = 1
    for axis in reversed(range(len(shape))):
        strides[axis] = step
        step *= shape[axis]
    # dlpack.h would have NULL for no elements, but then PyTorch does not call the deleter.
    tensor = _Tensor(data, *CPU, len(shape), _FLOAT, bits, 1, sizes, strides, 0)
    struct: Any
    if versioned:
        flags = _IS_COPIED if copied else _READ_ONLY
        struct, name = _ManagedVersioned(*VERSION, None, _delete, flags, tensor), _VERSIONED
    else:
        struct, name = _Managed(tensor, None, _delete), _LEGACY
    export = _Export(struct, name, (keep, sizes, strides))
    result = _new_capsule(export.address, name, _destroy)
    _exports[export.address] = _capsules[id(result)] = export
    return result
