"""IDX data sets and PNG pictures.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _library
from ._handle import Handle
from ._library import FilePath
from ._table import IdxHandle

if TYPE_CHECKING:
    from .context import Context
    from .tensor import Tensor


class Idx(Handle):
    """An IDX file (MNIST's format) of unsigned bytes, plain or gzipped."""

    def __init__(self, context: Context, path: FilePath) -> None:
        out = IdxHandle()
        context.check(context.library.gan_idx_open(context.handle, os.fsencode(path),
                                                   ctypes.byref(out)))
        super().__init__(context, out, context.library.gan_idx_unref)

    @property
    def shape(self) -> tuple[int, ...]:
        library = self.context.library
        rank = library.gan_idx_rank(self.handle)
        return tuple(library.gan_idx_dim(self.handle, axis) for axis in range(rank))

    def __len__(self) -> int:
        return self.shape[0]

    def numpy(self) -> npt.NDArray[np.uint8]:
        """A copy of all bytes."""
        data = self.context.library.gan_idx_data(self.handle)
        return np.ctypeslib.as_array(data, self.shape).copy()

    def images(self, index: npt.ArrayLike, lo: float = -1.0, hi: float = 1.0) -> Tensor:
        """These items as a tensor (n,H,W,1), bytes mapped to [lo, hi]."""
        images = self.context.library.gan_idx_images
        return self.context.take(images(self.handle, *_library.labels(index), lo, hi))


def png_read(context: Context, path: FilePath, channels: int = 3, lo: float = -1.0,
             hi: float = 1.0) -> Tensor:
    """A PNG as (1,H,W,channels), bytes mapped to [lo, hi]."""
    read = context.library.gan_png_read
    return context.take(read(context.handle, os.fsencode(path), channels, lo, hi))


def png_write_grid(images: Tensor, path: FilePath, columns: int = 8, gap: int = 2, lo: float = -1.0,
                   hi: float = 1.0) -> None:
    """Writes images (N,H,W,C) as one PNG, `columns` a row; lo..hi maps to 0..255."""
    write = images.context.library.gan_png_write_grid
    images.context.check(write(images, os.fsencode(path), columns, gap, lo, hi))
