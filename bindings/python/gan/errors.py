"""Exceptions, one a status code, each also of the built-in kind a Python program would expect.

SPDX-License-Identifier: MIT
"""


from __future__ import annotations


class Error(Exception):
    """What a library call failed with: `code`, and the library's one line of text."""

    code = 0


class InvalidArgument(Error, ValueError):
    """An argument, shape or option is wrong."""

    code = -1


class OutOfMemory(Error, MemoryError):
    """The allocator, or the context's byte limit, refused."""

    code = -2


class StateError(Error, RuntimeError):
    """The right call at the wrong moment: a spent graph, a closed context."""

    code = -3


class NotDifferentiable(Error, TypeError):
    """An operator without a derivative was differentiated."""

    code = -4


class Unreached(Error, ValueError):
    """strict=True, and a tensor does not influence the result."""

    code = -5


class NonFinite(Error, ArithmeticError):
    """An infinity or NaN where training cannot go on."""

    code = -6


class MixedSamples(Error, ValueError):
    """A penalised critic mixes samples."""

    code = -7


class FileError(Error, OSError):
    """The operating system refused a file."""

    code = -8


class FormatError(Error, ValueError):
    """A file's content is not what it should be."""

    code = -9


class NotSupported(Error, NotImplementedError):
    """This build does not have it."""

    code = -10


class AbiError(Error, RuntimeError):
    """An options struct from a different, unknown version."""

    code = -11


_BY_CODE = {kind.code: kind for kind in Error.__subclasses__()}


def from_code(code: int, text: str) -> Error:
    """The exception for a status code; a plain Error for one from a newer library."""
    error = _BY_CODE.get(code, Error)(text)
    error.code = code
    return error
