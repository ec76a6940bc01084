"""Contexts: memory, threads, random numbers, errors, scopes and the recorder.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import ctypes
from typing import Any, ContextManager, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from . import _library
from ._handle import Owner
from ._table import ContextHandle, ContextOptions, Stats, TensorHandle
from .errors import StateError
from .tensor import Tensor

_NO_CACHE = 1  # GAN_CONTEXT_NO_CACHE


class Context(Owner):
    """What every tensor and module belongs to. Used by one thread at a time.

    threads 0 is one per core; byte_limit 0 is none; cache=False gives every freed block straight
    back to the allocator. As a context manager it is closed at the end.
    """

    def __init__(self, threads: int = 0, seed: int | None = None, byte_limit: int = 0,
                 cache: bool = True, library: _library.Library | None = None) -> None:
        self.library = library or _library.default_library()
        options = self.library.options(ContextOptions, threads=threads, byte_limit=byte_limit)
        if seed is not None:
            options.seed = seed
        if not cache:
            options.flags |= _NO_CACHE
        out = ContextHandle()
        code = self.library.gan_context_create(ctypes.byref(options), ctypes.byref(out))
        if code < 0:
            raise self.library.error(code)
        super().__init__(out, self.library.gan_context_destroy)
        self._finalizer.atexit = False  # a daemon thread may be in one of its calls

    def close(self) -> None:
        """Destroys the context. Its tensors may still be dropped, but not used."""
        super().close()

    # Results and errors.

    def error(self, code: int | None = None) -> Exception:
        """The library's last error as an exception; it is no longer pending."""
        if not self._finalizer.alive:
            return StateError("the context is closed")
        text = self.library.gan_last_error(self._handle)
        pending = self.library.gan_error_code(self._handle)
        return self.library.error(pending if code is None else code, text)

    def check(self, status: int) -> int:
        """A status or a count as it is; an exception if it is a negative code."""
        if status < 0:
            raise self.error(status)
        return status

    def valid(self, handle: Any) -> Any:
        """A handle as it is; the pending error as an exception if it is NULL."""
        if not handle:
            raise self.error()
        return handle

    def take(self, handle: Any) -> Tensor:
        """The Tensor of an operator's result, moved from its scope to Python."""
        out = TensorHandle()
        self.check(self.library.gan_tensor_take(self.valid(handle), ctypes.byref(out)))
        return Tensor(self, out)

    def share(self, handle: Any) -> Tensor:
        """The Tensor of what a module owns: one more reference to it."""
        return Tensor(self, self.library.gan_tensor_ref(self.valid(handle)))

    # Tensors.

    def tensor(self, data: Any) -> Tensor:
        """A copy of a NumPy array, or of what NumPy makes an array of; DLPack's arrays too."""
        library = self.library
        if hasattr(data, "__dlpack__") and not hasattr(data, "__array__"):
            data = np.from_dlpack(data)
        # Not ascontiguousarray, which would make a number an array of one axis.
        array = np.asarray(data, dtype=library.dtype, order="C")
        return self.take(library.from_elements(self.handle, library.pointer(array),
                                               _library.sizes(array.shape), array.ndim))

    def as_tensor(self, data: Any) -> Tensor:
        """A tensor as it is; anything else as by tensor()."""
        return data if isinstance(data, Tensor) else self.tensor(data)

    def scalar(self, value: float) -> Tensor:
        """A tensor of rank 0."""
        return self.take(self.library.gan_scalar(self.handle, value))

    def zeros(self, *shape: int) -> Tensor:
        return self._make("gan_zeros", shape)

    def full(self, shape: Sequence[int], value: float) -> Tensor:
        return self._make("gan_full", shape, value)

    def one_hot(self, labels: npt.ArrayLike, classes: int) -> Tensor:
        """(n, classes): row i is 1 at labels[i]."""
        return self.take(self.library.gan_one_hot(self.handle, *_library.labels(labels), classes))

    def rand(self, *shape: int, lo: float = 0.0, hi: float = 1.0) -> Tensor:
        """Uniform in [lo, hi)."""
        return self._make("gan_rand", shape, lo, hi)

    def randn(self, *shape: int) -> Tensor:
        """Standard normal."""
        return self._make("gan_randn", shape)

    def rand_truncated(self, *shape: int, mean: float = 0.0, std: float = 1.0,
                       bound: float = 2.0) -> Tensor:
        """Normal, redrawn outside mean ± bound · std."""
        return self._make("gan_rand_truncated", shape, mean, std, bound)

    def _make(self, name: str, shape: Sequence[int], *arguments: Any) -> Tensor:
        make = getattr(self.library, name)
        return self.take(make(self.handle, _library.sizes(shape), len(shape), *arguments))

    # Scopes and the recorder.

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """A training step. When the outermost ends, all tensors made in it become constants."""
        mark = self.check(self.library.gan_scope_begin(self.handle))
        try:
            yield
        finally:
            self.check(self.library.gan_scope_end(self.handle, mark))

    @contextlib.contextmanager
    def recording(self, on: bool) -> Iterator[None]:
        """Turns recording on or off inside the block."""
        before = self.check(self.library.gan_recording(self.handle, on))
        try:
            yield
        finally:
            self.check(self.library.gan_recording(self.handle, before))

    def no_grad(self) -> ContextManager[None]:
        """recording(False)."""
        return self.recording(False)

    # The rest.

    def seed(self, seed: int) -> None:
        """Restarts the random numbers: the same seed gives the same numbers."""
        self.check(self.library.gan_context_seed(self.handle, seed))

    def trim(self) -> None:
        """Gives cached memory back to the allocator."""
        self.library.gan_context_trim(self.handle)

    def reset_peak(self) -> None:
        """Starts the counter peak_bytes again from what is live."""
        self.library.gan_context_reset_peak(self.handle)

    def stats(self) -> dict[str, int]:
        """The counters of gan_stats, as a dict."""
        stats = Stats(struct_size=ctypes.sizeof(Stats))
        self.check(self.library.gan_context_stats(self.handle, ctypes.byref(stats)))
        return {name: getattr(stats, name) for name, _ in Stats._fields_[1:]}
