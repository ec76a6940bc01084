"""IDX data sets and PNG pictures.

SPDX-License-Identifier: MIT
"""

import ctypes
import os
import weakref

import numpy as np

from . import _library
from ._table import IdxHandle


class Idx:
    """An IDX file (MNIST's format) of unsigned bytes, plain or gzipped."""

    def __init__(self, context, path):
        self.context = context
        out = IdxHandle()
        context.check(context.library.gan_idx_open(context.handle, os.fsencode(path),
                                                   ctypes.byref(out)))
        self._as_parameter_ = out
        weakref.finalize(self, context.library.gan_idx_unref, out)

    @property
    def shape(self):
        library = self.context.library
        return tuple(library.gan_idx_dim(self, axis) for axis in range(library.gan_idx_rank(self)))

    def __len__(self):
        return self.shape[0]

    def numpy(self):
        """A copy of all bytes."""
        return np.ctypeslib.as_array(self.context.library.gan_idx_data(self), self.shape).copy()

    def images(self, index, lo=-1.0, hi=1.0):
        """These items as a tensor (n,H,W,1), bytes mapped to [lo, hi]."""
        images = self.context.library.gan_idx_images
        return self.context.take(images(self, *_library.labels(index), lo, hi))


def png_read(context, path, channels=3, lo=-1.0, hi=1.0):
    """A PNG as (1,H,W,channels), bytes mapped to [lo, hi]."""
    read = context.library.gan_png_read
    return context.take(read(context.handle, os.fsencode(path), channels, lo, hi))


def png_write_grid(images, path, columns=8, gap=2, lo=-1.0, hi=1.0):
    """Writes images (N,H,W,C) as one PNG, `columns` a row; lo..hi maps to 0..255."""
    write = images.context.library.gan_png_write_grid
    images.context.check(write(images, os.fsencode(path), columns, gap, lo, hi))
