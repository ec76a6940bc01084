"""Operators. Each is a function here and, where its first argument is a tensor, a method (tensor.py
lists them).

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any, Callable, Sequence

import numpy.typing as npt

from . import _library
from ._table import TensorHandle

if TYPE_CHECKING:
    from typing import TypeGuard

    from .tensor import Operand, Tensor


def _apply(name: str, x: Any, *arguments: Any) -> Tensor:
    """The operator of the library on a tensor."""
    return x.context.take(getattr(x.context.library, name)(x, *arguments))


def _unary(name: str, doc: str) -> Callable[[Tensor], Tensor]:
    def operator(x: Tensor) -> Tensor:
        return _apply(name, x)

    operator.__name__ = operator.__qualname__ = name.removeprefix("gan_")
    operator.__doc__ = doc
    return operator


# Arithmetic, with broadcasting. One operand may be a NumPy array or a number.


def _binary(name: str, a: Any, b: Any) -> Tensor:
    context = getattr(a, "context", None) or b.context
    return _apply(name, context.as_tensor(a), context.as_tensor(b))


def add(a: Operand, b: Operand) -> Tensor:
    return _apply("gan_add_scalar", a, b) if _is_number(b) else _binary("gan_add", a, b)


def sub(a: Operand, b: Operand) -> Tensor:
    return _apply("gan_add_scalar", a, -b) if _is_number(b) else _binary("gan_sub", a, b)


def mul(a: Operand, b: Operand) -> Tensor:
    return _apply("gan_scale", a, b) if _is_number(b) else _binary("gan_mul", a, b)


def div(a: Operand, b: Operand) -> Tensor:
    return _binary("gan_div", a, b)


def maximum(a: Operand, b: Operand) -> Tensor:
    return _binary("gan_maximum", a, b)


def minimum(a: Operand, b: Operand) -> Tensor:
    return _binary("gan_minimum", a, b)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, numbers.Real)


# One operand.

neg = _unary("gan_neg", "-x")
square = _unary("gan_square", "x²")
exp = _unary("gan_exp", "eˣ")
log = _unary("gan_log", "The natural logarithm.")
sqrt = _unary("gan_sqrt", "The square root; its derivative is infinite at 0 (see l2_norm).")
abs = _unary("gan_abs", "|x|; derivative 0 at 0.")
relu = _unary("gan_relu", "max(x, 0); derivative 0 at 0.")
tanh = _unary("gan_tanh", "The hyperbolic tangent.")
sigmoid = _unary("gan_sigmoid", "1 / (1 + e⁻ˣ)")
softplus = _unary("gan_softplus", "log(1 + eˣ), stable.")


def scale(x: Tensor, factor: float) -> Tensor:
    return _apply("gan_scale", x, factor)


def add_scalar(x: Tensor, value: float) -> Tensor:
    return _apply("gan_add_scalar", x, value)


def pow(x: Tensor, exponent: float) -> Tensor:
    return _apply("gan_pow", x, exponent)


def clamp(x: Tensor, lo: float, hi: float) -> Tensor:
    return _apply("gan_clamp", x, lo, hi)


def leaky_relu(x: Tensor, slope: float) -> Tensor:
    return _apply("gan_leaky_relu", x, slope)


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x > 0 ? x : alpha (eˣ - 1)"""
    return _apply("gan_elu", x, alpha)


# Products.


def matmul(a: Tensor, b: Tensor, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    """Of matrices, each transposed first if asked."""
    return _apply("gan_matmul", a, b, transpose_a, transpose_b)


def conv2d(x: Tensor, w: Tensor, **options: Any) -> Tensor:
    """x (N,H,W,C), w (O,KH,KW,C); options stride, padding, dilation."""
    return _apply("gan_conv2d", x, w, x.context.library.conv2d_options(**options))


def conv_transpose2d(x: Tensor, w: Tensor, **options: Any) -> Tensor:
    """x (N,H,W,C), w (C,KH,KW,O); options stride, padding, dilation, output_padding."""
    return _apply("gan_conv_transpose2d", x, w, x.context.library.conv2d_options(**options))


def conv2d_data_grad(g: Tensor, w: Tensor, height: int, width: int, **options: Any) -> Tensor:
    """The gradient of conv2d in its x, of the given size."""
    options = g.context.library.conv2d_options(**options)
    return _apply("gan_conv2d_data_grad", g, w, height, width, options)


def conv2d_weight_grad(x: Tensor, g: Tensor, kernel_height: int, kernel_width: int,
                       **options: Any) -> Tensor:
    """The gradient of conv2d in its w, of the given size."""
    options = x.context.library.conv2d_options(**options)
    return _apply("gan_conv2d_weight_grad", x, g, kernel_height, kernel_width, options)


# Reductions: over one axis, several, or (None) all.


def sum(x: Tensor, axes: _library.Axes = None, keep: bool = False) -> Tensor:
    return _apply("gan_sum", x, *_library.axes(axes), keep)


def mean(x: Tensor, axes: _library.Axes = None, keep: bool = False) -> Tensor:
    return _apply("gan_mean", x, *_library.axes(axes), keep)


def max(x: Tensor, axes: _library.Axes = None, keep: bool = False) -> Tensor:
    """The gradient goes to the first of equal elements."""
    return _apply("gan_max", x, *_library.axes(axes), keep)


def std(x: Tensor, axes: _library.Axes = None, keep: bool = False, correction: int = 1) -> Tensor:
    """sqrt(sum (x - mean)² / (count - correction))"""
    return _apply("gan_std", x, *_library.axes(axes), keep, correction)


sum_all = _unary("gan_sum_all", "To rank 0.")
mean_all = _unary("gan_mean_all", "To rank 0.")
l2_norm = _unary("gan_l2_norm", "(N,…) to (N): each sample's Euclidean norm; derivative 0 at 0.")


# Layout.


def reshape(x: Tensor, *shape: int) -> Tensor:
    """The same memory under another shape; one size may be -1."""
    return _apply("gan_reshape", x, _library.sizes(shape), len(shape))


flatten = _unary("gan_flatten", "(N,H,W,C) to (N, C·H·W), in PyTorch's order.")


def unflatten(x: Tensor, c: int, h: int, w: int) -> Tensor:
    """(N, c·h·w), in PyTorch's order, to (N,h,w,c)."""
    return _apply("gan_unflatten", x, c, h, w)


def transpose(x: Tensor, *permutation: int) -> Tensor:
    """Axis i of the result is axis permutation[i] of x."""
    _per_axis(x, permutation)
    return _apply("gan_transpose", x, _library.axes(permutation)[0])


def broadcast(x: Tensor, *shape: int) -> Tensor:
    return _apply("gan_broadcast", x, _library.sizes(shape), len(shape))


def concat(tensors: Sequence[Tensor], axis: int) -> Tensor:
    """Several tensors, one behind the other along an axis."""
    context = tensors[0].context
    handles = (TensorHandle * len(tensors))(*(x._as_parameter_ for x in tensors))
    return context.take(context.library.gan_concat(handles, len(tensors), axis))


def slice(x: Tensor, start: Sequence[int], size: Sequence[int]) -> Tensor:
    """x[start, start + size) per axis."""
    return _apply("gan_slice", x, _per_axis(x, start), _per_axis(x, size))


def pad(x: Tensor, before: Sequence[int], after: Sequence[int]) -> Tensor:
    """before[i] zeros in front and after[i] behind on axis i."""
    return _apply("gan_pad", x, _per_axis(x, before), _per_axis(x, after))


def _per_axis(x: Tensor, values: Sequence[int]) -> Any:
    """The library reads as many entries as x has axes: make sure of them."""
    if len(values) != x.ndim:
        raise ValueError(f"{len(values)} entries for a tensor of {x.ndim} axes")
    return _library.sizes(values)


def gather(x: Tensor, index: npt.ArrayLike) -> Tensor:
    """Rows x[index[i]]."""
    return _apply("gan_gather", x, *_library.labels(index))


def scatter_add(x: Tensor, index: npt.ArrayLike, rows: int) -> Tensor:
    """(rows,…) zeros to which x[i] is added at row index[i]."""
    index, count = _library.labels(index)
    if x.ndim and x.shape[0] != count:
        raise ValueError(f"{count} indices for {x.shape[0]} rows")
    return _apply("gan_scatter_add", x, index, count, rows)


def embedding(table: Tensor, labels: npt.ArrayLike) -> Tensor:
    """Row labels[i] of a (classes, width) table."""
    return _apply("gan_embedding", table, *_library.labels(labels))


detach = _unary("gan_detach", "The same values, cut from the graph.")
track = _unary("gan_track", "A leaf with the same values, with respect to which grad works.")


# Images.


def upsample_nearest(x: Tensor, factor: int) -> Tensor:
    return _apply("gan_upsample_nearest", x, factor)


def avg_pool2d(x: Tensor, size: int, stride: int, pad: int = 0) -> Tensor:
    """Padding counts as zeros of the window."""
    return _apply("gan_avg_pool2d", x, size, stride, pad)


def max_pool2d(x: Tensor, size: int, stride: int, pad: int = 0) -> Tensor:
    """Padding is never chosen."""
    return _apply("gan_max_pool2d", x, size, stride, pad)


# Normalisation: (x - mean) / sqrt(var + eps).


def batch_normalize(x: Tensor, eps: float = 1e-05) -> Tensor:
    """Over all but the last axis."""
    return _apply("gan_batch_normalize", x, eps)


def instance_normalize(x: Tensor, eps: float = 1e-05) -> Tensor:
    """Over H and W."""
    return _apply("gan_instance_normalize", x, eps)


def layer_normalize(x: Tensor, eps: float = 1e-05) -> Tensor:
    """Over all but the first axis."""
    return _apply("gan_layer_normalize", x, eps)


def group_normalize(x: Tensor, groups: int, eps: float = 1e-05) -> Tensor:
    """Over H, W and the channels of each group."""
    return _apply("gan_group_normalize", x, groups, eps)


# For discriminators.


def pack(x: Tensor, m: int) -> Tensor:
    """(N,D) to (N/m, m·D), (N,H,W,C) to (N/m,H,W,m·C): m consecutive samples as one."""
    return _apply("gan_pack", x, m)


def minibatch_std(x: Tensor, group: int = 0) -> Tensor:
    """One more channel: how much the samples of a subset of `group` differ; 0: the batch."""
    return _apply("gan_minibatch_std", x, group)


def projection(features: Tensor, embedded: Tensor) -> Tensor:
    """(N,D), (N,D) to (N,1): each sample's inner product."""
    return _apply("gan_projection", features, embedded)


def label_maps(rows: Tensor, height: int, width: int) -> Tensor:
    """(N,D) to (N,height,width,D), constant over each image."""
    return _apply("gan_label_maps", rows, height, width)


# Probability.

softmax = _unary("gan_softmax", "Over the last axis.")
log_softmax = _unary("gan_log_softmax", "Over the last axis.")


def cross_entropy(logits: Tensor, labels: npt.ArrayLike) -> Tensor:
    """Mean over samples of -log_softmax(logits)[label]."""
    return _apply("gan_cross_entropy", logits, *_library.labels(labels))


def dropout(x: Tensor, p: float) -> Tensor:
    """Each element 0 with probability p, else x / (1 - p)."""
    return _apply("gan_dropout", x, p)
