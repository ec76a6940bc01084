"""How good and how varied generated samples are: arrays in, numbers out.

Sets are arrays of rows, of samples or of features; further axes are flattened. The context gives
threads and memory. gan/metrics.h says what each number is.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from . import _library
from ._table import Histogram, KernelOptions, Modes, Parzen, Prdc

if TYPE_CHECKING:
    from .context import Context

Array = npt.NDArray[Any]
Statistics = tuple[Array, Array]


def feature_statistics(context: Context, x: npt.ArrayLike) -> Statistics:
    """(mean, covariance) of the rows, in float64."""
    x, = _sets(x)
    d = x.shape[1]
    mean, cov = np.empty(d), np.empty((d, d))
    context.check(context.library.gan_feature_statistics(context.handle, _floats(x), *x.shape,
                                                         _doubles(mean), _doubles(cov)))
    return mean, cov


def frechet_distance(context: Context, a: npt.ArrayLike | Statistics,
                     b: npt.ArrayLike | Statistics) -> float:
    """The squared Fréchet distance of two sets, each an array, or its feature_statistics."""
    out = ctypes.c_double()
    if isinstance(a, tuple) or isinstance(b, tuple):
        a, b = (x if isinstance(x, tuple) else feature_statistics(context, x) for x in (a, b))
        a, b = _statistics(*a), _statistics(*b)
        _same("d", len(a[0]), len(b[0]))
        compute = context.library.gan_frechet_from_statistics
        context.check(compute(context.handle, *map(_doubles, a + b), len(a[0]), ctypes.byref(out)))
    else:
        a, b = _sets(a, b)
        compute = context.library.gan_frechet_distance
        context.check(compute(context.handle, *_rows(a), *_rows(b), a.shape[1], ctypes.byref(out)))
    return out.value


def kernel_distance(context: Context, a: npt.ArrayLike, b: npt.ArrayLike,
                    **options: Any) -> tuple[float, float]:
    """(distance, standard error): KID. Options subsets 100, subset_size, seed 0."""
    a, b = _sets(a, b)
    options = context.library.options(KernelOptions, **options)
    out, error = ctypes.c_double(), ctypes.c_double()
    compute = context.library.gan_kernel_distance
    context.check(compute(context.handle, *_rows(a), *_rows(b), a.shape[1], options,
                          ctypes.byref(out), ctypes.byref(error)))
    return out.value, error.value


def precision_recall(context: Context, real: npt.ArrayLike, fake: npt.ArrayLike,
                     k: int = 5) -> dict[str, float]:
    """A dict: precision, recall, density, coverage."""
    real, fake = _sets(real, fake)
    return _fill(context, Prdc, context.library.gan_precision_recall, *_rows(real), *_rows(fake),
                 real.shape[1], k)


def parzen_log_likelihood(context: Context, samples: npt.ArrayLike,
                          validation: npt.ArrayLike | None, test: npt.ArrayLike,
                          sigmas: npt.ArrayLike | None = None) -> dict[str, float]:
    """A dict: sigma, log_likelihood, standard_error. sigmas None: ten from 0.1 to 1; for a single
    one validation may be None."""
    if validation is None:
        samples, test = _sets(samples, test)
        chosen: Any = (None, 0)
    else:
        samples, test, validation = _sets(samples, test, validation)
        chosen = _rows(validation)
    sigmas = None if sigmas is None else np.atleast_1d(np.asarray(sigmas, np.float64))
    widths = (None, 0) if sigmas is None else (_doubles(sigmas), sigmas.size)
    return _fill(context, Parzen, context.library.gan_parzen_log_likelihood, *_rows(samples),
                 *chosen, *_rows(test), samples.shape[1], *widths)


def mode_statistics(context: Context, x: npt.ArrayLike, centres: npt.ArrayLike, std: float,
                    radius: float = 3.0) -> dict[str, float]:
    """A dict: found, high_quality, kl, for samples of a mixture."""
    x, centres = _sets(x, centres)
    return _fill(context, Modes, context.library.gan_mode_statistics, *_rows(x), x.shape[1],
                 *_rows(centres), std, radius)


def histogram_statistics(context: Context, labels: npt.ArrayLike, classes: int,
                         reference: npt.ArrayLike | None = None) -> dict[str, float]:
    """A dict: present, kl, total_variation. reference None: uniform."""
    if reference is not None:
        reference = np.ascontiguousarray(reference, np.float64)
        _same("classes", reference.size, classes)
    return _fill(context, Histogram, context.library.gan_histogram_statistics,
                 *_library.labels(labels), classes,
                 None if reference is None else _doubles(reference))


def nearest_neighbours(context: Context, reference: npt.ArrayLike,
                       rows: npt.ArrayLike) -> tuple[npt.NDArray[np.int64],
                       npt.NDArray[np.float64]]:
    """(index, distance) of each row's nearest reference row."""
    reference, rows = _sets(reference, rows)
    index, distance = np.empty(len(rows), np.int64), np.empty(len(rows))
    compute = context.library.gan_nearest_neighbours
    context.check(compute(context.handle, *_rows(reference), *_rows(rows), rows.shape[1],
                          _longs(index), _doubles(distance)))
    return index, distance


def nearest_neighbour_error(context: Context, reference: npt.ArrayLike,
                            reference_labels: npt.ArrayLike, rows: npt.ArrayLike,
                            labels: npt.ArrayLike) -> float:
    """The share of rows whose label is not that of their nearest reference row."""
    reference, rows = _sets(reference, rows)
    (known, n), (wanted, m) = _library.labels(reference_labels), _library.labels(labels)
    _same("reference labels", n, len(reference))
    _same("labels", m, len(rows))
    out = ctypes.c_double()
    compute = context.library.gan_nearest_neighbour_error
    context.check(compute(context.handle, *_rows(reference)[:1], known, n, *_rows(rows)[:1], wanted,
                          m, rows.shape[1], None, None, ctypes.byref(out)))
    return out.value


# Values on their way in and out.


def _sets(*arrays: Any) -> list[Array]:
    """As float32 arrays of two axes and as many columns."""
    arrays = [np.ascontiguousarray(array, np.float32) for array in arrays]
    arrays = [array.reshape(len(array), int(np.prod(array.shape[1:]))) for array in arrays]
    for array in arrays:
        _same("columns", array.shape[1], arrays[0].shape[1])
    return arrays


def _statistics(mean: npt.ArrayLike, cov: npt.ArrayLike) -> Statistics:
    mean, cov = (np.ascontiguousarray(part, np.float64) for part in (mean, cov))
    if mean.ndim != 1 or cov.shape != 2 * mean.shape:
        raise ValueError(f"statistics of shapes {mean.shape} and {cov.shape}")
    return mean, cov


def _same(what: str, a: int, b: int) -> None:
    if a != b:
        raise ValueError(f"{what}: {a} and {b}")


def _rows(array: Array) -> tuple[Any, int]:
    """float*, int64_t: a set and its number of rows."""
    return _floats(array), len(array)


def _floats(array: Array) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def _doubles(array: Array) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


def _longs(array: Array) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))


def _fill(context: Context, kind: Any, function: Any, *arguments: Any) -> dict[str, Any]:
    """A result struct as a dict."""
    out = kind(struct_size=ctypes.sizeof(kind))
    context.check(function(context.handle, *arguments, ctypes.byref(out)))
    return {name: getattr(out, name) for name, _ in kind._fields_[2:]}
