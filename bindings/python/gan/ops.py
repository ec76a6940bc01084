"""Operators. Each is a function here and, where its first argument is a tensor, a method.

SPDX-License-Identifier: MIT
"""

import numbers

import numpy as np

from . import _library
from ._table import TensorHandle
from .tensor import Tensor


def _apply(name, x, *arguments):
    """The operator of the library on a tensor."""
    return x.context.take(getattr(x.context.library, name)(x, *arguments))


def _unary(name, doc):
    def operator(x):
        return _apply(name, x)

    operator.__name__ = operator.__qualname__ = name.removeprefix("gan_")
    operator.__doc__ = doc
    return operator


# Arithmetic, with broadcasting. One operand may be a NumPy array or a number.


def _binary(name, a, b):
    context = a.context if isinstance(a, Tensor) else b.context
    a, b = (x if isinstance(x, Tensor) else context.tensor(x) for x in (a, b))
    return _apply(name, a, b)


def add(a, b):
    return add_scalar(a, b) if _is_number(b) else _binary("gan_add", a, b)


def sub(a, b):
    return add_scalar(a, -b) if _is_number(b) else _binary("gan_sub", a, b)


def mul(a, b):
    return scale(a, b) if _is_number(b) else _binary("gan_mul", a, b)


def div(a, b):
    return _binary("gan_div", a, b)


def maximum(a, b):
    return _binary("gan_maximum", a, b)


def minimum(a, b):
    return _binary("gan_minimum", a, b)


def _is_number(value):
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


def scale(x, factor):
    return _apply("gan_scale", x, factor)


def add_scalar(x, value):
    return _apply("gan_add_scalar", x, value)


def pow(x, exponent):
    return _apply("gan_pow", x, exponent)


def clamp(x, lo, hi):
    return _apply("gan_clamp", x, lo, hi)


def leaky_relu(x, slope):
    return _apply("gan_leaky_relu", x, slope)


def elu(x, alpha=1.0):
    """x > 0 ? x : alpha (eˣ - 1)"""
    return _apply("gan_elu", x, alpha)


# Products.


def matmul(a, b, transpose_a=False, transpose_b=False):
    """Of matrices, each transposed first if asked."""
    return _apply("gan_matmul", a, b, transpose_a, transpose_b)


def conv2d(x, w, **options):
    """x (N,H,W,C), w (O,KH,KW,C); options stride, padding, dilation."""
    return _apply("gan_conv2d", x, w, x.context.library.conv2d_options(**options))


def conv_transpose2d(x, w, **options):
    """x (N,H,W,C), w (C,KH,KW,O); options stride, padding, dilation, output_padding."""
    return _apply("gan_conv_transpose2d", x, w, x.context.library.conv2d_options(**options))


def conv2d_data_grad(g, w, height, width, **options):
    """The gradient of conv2d in its x, of the given size."""
    options = g.context.library.conv2d_options(**options)
    return _apply("gan_conv2d_data_grad", g, w, height, width, options)


def conv2d_weight_grad(x, g, kernel_height, kernel_width, **options):
    """The gradient of conv2d in its w, of the given size."""
    options = x.context.library.conv2d_options(**options)
    return _apply("gan_conv2d_weight_grad", x, g, kernel_height, kernel_width, options)


# Reductions: over one axis, several, or (None) all.


def sum(x, axes=None, keep=False):
    return _apply("gan_sum", x, *_library.axes(axes), keep)


def mean(x, axes=None, keep=False):
    return _apply("gan_mean", x, *_library.axes(axes), keep)


def max(x, axes=None, keep=False):
    """The gradient goes to the first of equal elements."""
    return _apply("gan_max", x, *_library.axes(axes), keep)


def std(x, axes=None, keep=False, correction=1):
    """sqrt(sum (x - mean)² / (count - correction))"""
    return _apply("gan_std", x, *_library.axes(axes), keep, correction)


sum_all = _unary("gan_sum_all", "To rank 0.")
mean_all = _unary("gan_mean_all", "To rank 0.")
l2_norm = _unary("gan_l2_norm", "(N,…) to (N): each sample's Euclidean norm; derivative 0 at 0.")


# Layout.


def reshape(x, *shape):
    """The same memory under another shape; one size may be -1."""
    return _apply("gan_reshape", x, _library.sizes(shape), len(shape))


flatten = _unary("gan_flatten", "(N,H,W,C) to (N, C·H·W), in PyTorch's order.")


def unflatten(x, c, h, w):
    """(N, c·h·w), in PyTorch's order, to (N,h,w,c)."""
    return _apply("gan_unflatten", x, c, h, w)


def transpose(x, *permutation):
    """Axis i of the result is axis permutation[i] of x."""
    _per_axis(x, permutation)
    return _apply("gan_transpose", x, _library.axes(permutation)[0])


def broadcast(x, *shape):
    return _apply("gan_broadcast", x, _library.sizes(shape), len(shape))


def concat(tensors, axis):
    """Several tensors, one behind the other along an axis."""
    context = tensors[0].context
    handles = (TensorHandle * len(tensors))(*(x._as_parameter_ for x in tensors))
    return context.take(context.library.gan_concat(handles, len(tensors), axis))


def slice(x, start, size):
    """x[start, start + size) per axis."""
    return _apply("gan_slice", x, _per_axis(x, start), _per_axis(x, size))


def pad(x, before, after):
    """before[i] zeros in front and after[i] behind on axis i."""
    return _apply("gan_pad", x, _per_axis(x, before), _per_axis(x, after))


def _per_axis(x, values):
    """The library reads as many entries as x has axes: make sure of them."""
    if len(values) != x.ndim:
        raise ValueError(f"{len(values)} entries for a tensor of {x.ndim} axes")
    return _library.sizes(values)


def gather(x, index):
    """Rows x[index[i]]."""
    return _apply("gan_gather", x, *_library.labels(index))


def scatter_add(x, index, rows):
    """(rows,…) zeros to which x[i] is added at row index[i]."""
    index, count = _library.labels(index)
    if x.ndim and x.shape[0] != count:
        raise ValueError(f"{count} indices for {x.shape[0]} rows")
    return _apply("gan_scatter_add", x, index, count, rows)


def embedding(table, labels):
    """Row labels[i] of a (classes, width) table."""
    return _apply("gan_embedding", table, *_library.labels(labels))


detach = _unary("gan_detach", "The same values, cut from the graph.")
track = _unary("gan_track", "A leaf with the same values, with respect to which grad works.")


# Images.


def upsample_nearest(x, factor):
    return _apply("gan_upsample_nearest", x, factor)


def avg_pool2d(x, size, stride, pad=0):
    """Padding counts as zeros of the window."""
    return _apply("gan_avg_pool2d", x, size, stride, pad)


def max_pool2d(x, size, stride, pad=0):
    """Padding is never chosen."""
    return _apply("gan_max_pool2d", x, size, stride, pad)


# Normalisation: (x - mean) / sqrt(var + eps).


def batch_normalize(x, eps=1e-5):
    """Over all but the last axis."""
    return _apply("gan_batch_normalize", x, eps)


def instance_normalize(x, eps=1e-5):
    """Over H and W."""
    return _apply("gan_instance_normalize", x, eps)


def layer_normalize(x, eps=1e-5):
    """Over all but the first axis."""
    return _apply("gan_layer_normalize", x, eps)


def group_normalize(x, groups, eps=1e-5):
    """Over H, W and the channels of each group."""
    return _apply("gan_group_normalize", x, groups, eps)


# For discriminators.


def pack(x, m):
    """(N,D) to (N/m, m·D), (N,H,W,C) to (N/m,H,W,m·C): m consecutive samples as one."""
    return _apply("gan_pack", x, m)


def minibatch_std(x, group=0):
    """One more channel: how much the samples of a subset of `group` differ; 0: the batch."""
    return _apply("gan_minibatch_std", x, group)


def projection(features, embedded):
    """(N,D), (N,D) to (N,1): each sample's inner product."""
    return _apply("gan_projection", features, embedded)


def label_maps(rows, height, width):
    """(N,D) to (N,height,width,D), constant over each image."""
    return _apply("gan_label_maps", rows, height, width)


# Probability.

softmax = _unary("gan_softmax", "Over the last axis.")
log_softmax = _unary("gan_log_softmax", "Over the last axis.")


def cross_entropy(logits, labels):
    """Mean over samples of -log_softmax(logits)[label]."""
    return _apply("gan_cross_entropy", logits, *_library.labels(labels))


def dropout(x, p):
    """Each element 0 with probability p, else x / (1 - p)."""
    return _apply("gan_dropout", x, p)


_METHODS = (
    add, sub, mul, div, maximum, minimum, neg, square, exp, log, sqrt, abs, relu, tanh, sigmoid,
    softplus, scale, add_scalar, pow, clamp, leaky_relu, elu, matmul, conv2d, conv_transpose2d,
    conv2d_data_grad, conv2d_weight_grad, sum, mean, max, std, sum_all, mean_all, l2_norm, reshape,
    flatten, unflatten, transpose, broadcast, slice, pad, gather, scatter_add, embedding, detach,
    track, upsample_nearest, avg_pool2d, max_pool2d, batch_normalize, instance_normalize,
    layer_normalize, group_normalize, pack, minibatch_std, projection, label_maps, softmax,
    log_softmax, cross_entropy, dropout)
_OPERATORS = {
    "add": add,
    "radd": lambda x, other: add(x, other),
    "sub": sub,
    "rsub": lambda x, other: add(neg(x), other),
    "mul": mul,
    "rmul": lambda x, other: mul(x, other),
    "truediv": div,
    "rtruediv": lambda x, other: div(other, x),
    "neg": neg,
    "abs": abs,
    "pow": pow,
    "matmul": lambda x, other: matmul(x, other),
}


def _operand(function):
    """A method for Python's operator: what it cannot take is left to the other operand."""

    def method(x, *others):
        if not all(isinstance(other, (Tensor, numbers.Real, np.ndarray)) for other in others):
            return NotImplemented
        return function(x, *others)

    return method


for _function in _METHODS:
    setattr(Tensor, _function.__name__, _function)
for _name, _function in _OPERATORS.items():
    setattr(Tensor, f"__{_name}__", _operand(_function))
