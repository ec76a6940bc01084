"""Data sets for training, and loaders that cut them into batches.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from . import _library
from ._handle import Handle
from ._library import FilePath
from ._table import DataOptions, DatasetHandle, LoaderHandle, LoaderOptions, SheetOptions

if TYPE_CHECKING:
    from .context import Context
    from .tensor import Tensor

_FITS = {"pad": 0, "resize": 1, "stretch": 2}  # GAN_FIT_…
_REMAINDERS = {"drop": 0, "keep": 1, "wrap": 2}  # GAN_REMAINDER_…


def _choice(name: str, value: str, choices: dict[str, int]) -> int:
    """The number of a choice given by its name."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}, must be one of {', '.join(choices)}")
    return choices[value]


class Dataset(Handle):
    """Images of one size, and perhaps a label for each. Made by the from_… functions.

    Their options: size, fit ("pad", "resize", "stretch"), channels, pad_to, background, classes,
    skip_bad, limit, byte_limit; see gan_data_opts.
    """

    def __init__(self, context: Context, handle: Any) -> None:
        super().__init__(context, handle, context.library.gan_dataset_unref)

    @classmethod
    def _make(cls, context: Context, function: str, *arguments: Any, fit: str = 'pad',
              **options: Any) -> Dataset:
        library = context.library
        struct = library.options(DataOptions, fit=_choice("fit", fit, _FITS), **options)
        out = DatasetHandle()
        context.check(getattr(library, function)(context.handle, *arguments,
                                                 ctypes.byref(struct), ctypes.byref(out)))
        return cls(context, out)

    @classmethod
    def from_idx(cls, context: Context, images: FilePath, labels: FilePath | None = None,
                 **options: Any) -> Dataset:
        """IDX files, plain or gzipped."""
        paths = (None if path is None else os.fsencode(path) for path in (images, labels))
        return cls._make(context, "gan_dataset_from_idx", *paths, **options)

    @classmethod
    def from_folder(cls, context: Context, folder: FilePath, **options: Any) -> Dataset:
        """The PNG files of a folder; with classes=True those of its sub-folders."""
        return cls._make(context, "gan_dataset_from_folder", os.fsencode(folder), **options)

    @classmethod
    def from_pairs(cls, context: Context, folder: FilePath, **options: Any) -> Dataset:
        """PNG files of the same names in folder/A, this data set, and folder/B, its pair."""
        return cls._make(context, "gan_dataset_from_pairs", os.fsencode(folder), **options)

    @classmethod
    def from_sheet(cls, context: Context, path: FilePath, cell: int | tuple[int, int],
                   margin: int = 0, spacing: int = 0, keep_empty: bool = False,
                   **options: Any) -> Dataset:
        """The cells of a sprite sheet. cell is a side or (width, height)."""
        width, height = cell if isinstance(cell, (tuple, list)) else (cell, cell)
        sheet = context.library.options(SheetOptions, cell_width=width, cell_height=height,
                                        margin=margin, spacing=spacing, keep_empty=keep_empty)
        return cls._make(context, "gan_dataset_from_sheet", os.fsencode(path), ctypes.byref(sheet),
                         **options)

    @classmethod
    def from_array(cls, context: Context, images: npt.ArrayLike,
                   labels: npt.ArrayLike | None = None, **options: Any) -> Dataset:
        """A copy of an array (N,H,W,C) of uint8, or of floats in [-1, 1]."""
        images = np.asarray(images)
        if images.ndim != 4:
            raise ValueError(f"from_array: images are {images.shape}, must be (N,H,W,C)")
        whole = images.dtype == np.uint8
        if not whole and images.dtype.kind != "f":
            raise TypeError(f"from_array: images are {images.dtype}, must be uint8 or floats")
        images = np.ascontiguousarray(images, np.uint8 if whole else np.float32)
        if labels is not None:
            labels, count = _library.labels(labels)
            if count != len(images):
                raise ValueError(f"from_array: {count} labels for {len(images)} images")
        element: Any = ctypes.c_uint8 if whole else ctypes.c_float
        return cls._make(context, "gan_dataset_from_bytes" if whole else "gan_dataset_from_floats",
                         images.ctypes.data_as(ctypes.POINTER(element)),
                         _library.sizes(images.shape), labels, **options)

    def outlines(self, threshold: float = 0.2) -> Dataset:
        """A data set of this one's outlines, whose pair is this one."""
        out = DatasetHandle()
        outlines = self.context.library.gan_dataset_outlines
        self.context.check(outlines(self.handle, threshold, ctypes.byref(out)))
        return Dataset(self.context, out)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N,H,W,C)"""
        return tuple(self.context.library.gan_dataset_shape(self.handle)[:4])

    def __len__(self) -> int:
        return self.context.library.gan_dataset_size(self.handle)

    def numpy(self) -> npt.NDArray[np.uint8]:
        """A copy of all bytes."""
        pixels = self.context.library.gan_dataset_pixels(self.handle)
        return np.ctypeslib.as_array(pixels, self.shape).copy()

    @property
    def labels(self) -> npt.NDArray[np.int32] | None:
        """A copy of the labels, or None."""
        labels = self.context.library.gan_dataset_labels(self.handle)
        return np.ctypeslib.as_array(labels, (len(self),)).copy() if labels else None

    @property
    def class_count(self) -> int:
        return self.context.library.gan_dataset_class_count(self.handle)

    @property
    def class_names(self) -> list[str | None]:
        """The sub-folders' names; None for a class without one."""
        name = self.context.library.gan_dataset_class_name
        names = [name(self.handle, label) for label in range(self.class_count)]
        return [None if name is None else os.fsdecode(name) for name in names]

    @property
    def pair(self) -> Dataset | None:
        """The data set of the images' counterparts, or None."""
        library = self.context.library
        pair = library.gan_dataset_pair(self.handle)
        return Dataset(self.context, library.gan_dataset_ref(pair)) if pair else None

    @property
    def skipped(self) -> int:
        """How many files skip_bad left out."""
        return self.context.library.gan_dataset_skipped(self.handle)

    def image(self, i: int) -> Tensor:
        """Image i as a tensor (1,H,W,C) in [-1, 1]."""
        return self.context.take(self.context.library.gan_dataset_image(self.handle, i))

    def draw_labels(self, n: int) -> npt.NDArray[np.int32]:
        """n random labels, distributed as in the data."""
        labels = np.zeros(max(n, 0), np.int32)
        pointer = labels.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        self.context.check(self.context.library.gan_dataset_draw_labels(self.handle, pointer, n))
        return labels


class Loader(Handle):
    """Batches of a data set, epoch after epoch, without end.

    Options: batch, seed, shuffle, flip, remainder ("drop", "keep", "wrap"), premultiply, lo, hi; see
    gan_loader_opts.
    """

    def __init__(self, dataset: Dataset, remainder: str = 'drop', **options: Any) -> None:
        context = dataset.context
        library = context.library
        struct = library.options(LoaderOptions,
                                 remainder=_choice("remainder", remainder, _REMAINDERS), **options)
        out = LoaderHandle()
        context.check(library.gan_loader_create(dataset.handle, ctypes.byref(struct),
                                                ctypes.byref(out)))
        super().__init__(context, out, library.gan_loader_unref)
        # Labels of a batch, which a trainer may have taken; only "keep" has smaller ones.
        self._count = 0 if remainder == "keep" else struct.batch

    def __iter__(self) -> Loader:
        return self

    def __next__(self) -> Tensor:
        """The next batch, a tensor (n,H,W,C)."""
        images = self.context.take(self.context.library.gan_loader_next(self.handle))
        self._count = images.shape[0]
        return images

    @property
    def labels(self) -> npt.NDArray[np.int32] | None:
        """A copy of the last batch's labels, or None. With remainder="keep" of the last one that was
        asked for here, not of a trainer's."""
        labels = self.context.library.gan_loader_labels(self.handle)
        return np.ctypeslib.as_array(labels, (self._count,)).copy() if labels else None

    def pairs(self) -> Tensor:
        """The counterparts of the last batch's images, mirrored as they are."""
        return self.context.take(self.context.library.gan_loader_pairs(self.handle))

    @property
    def state(self) -> tuple[int, int]:
        """(epoch, position): where the next batch begins. Can be set."""
        epoch, position = ctypes.c_int64(), ctypes.c_int64()
        self.context.check(self.context.library.gan_loader_tell(self.handle, ctypes.byref(epoch),
                                                                ctypes.byref(position)))
        return epoch.value, position.value

    @state.setter
    def state(self, state: tuple[int, int]) -> Any:
        self.context.check(self.context.library.gan_loader_seek(self.handle, *state))
