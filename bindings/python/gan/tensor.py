"""Tensors. The operators (ops.py) are also their methods.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import functools
import numbers
import weakref
from typing import TYPE_CHECKING, Any, Callable, TypeVar, Union

import numpy as np
import numpy.typing as npt

from . import _dlpack, ops

if TYPE_CHECKING:
    from .context import Context

# What an arithmetic operator takes beside a tensor, and a module for one.
Constant = Union[npt.NDArray[Any], float]
Operand = Union["Tensor", Constant]

_Method = TypeVar("_Method", bound=Callable[..., "Tensor"])


def _operator(method: _Method) -> _Method:
    """A method for Python's operator: what it cannot take is left to the other operand."""

    @functools.wraps(method)
    def operator(x: Tensor, *others: Any) -> Any:
        if not all(isinstance(other, (Tensor, numbers.Real, np.ndarray)) for other in others):
            return NotImplemented
        return method(x, *others)

    return operator  # type: ignore[return-value]


class _View:
    """A tensor's elements as NumPy sees them; keeps the tensor, which keeps its context."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.__array_interface__ = {"version": 3, "shape": tensor.shape,
                                    "typestr": tensor.dtype.str, "data": (tensor.address, True)}


class Tensor:
    """An owned reference to a tensor of the library, given back when Python drops it.

    Made by a Context, an operator or a module; tensors convert to NumPy by numpy(), NumPy arrays to
    tensors by Context.tensor or as the other operand of an arithmetic operator. DLPack goes both
    ways too: np.from_dlpack(tensor), torch.from_dlpack(tensor), context.tensor(torch_tensor).
    """

    # ndarray + tensor is then the tensor's __radd__, not an array of tensors.
    __array_ufunc__ = None

    def __init__(self, context: Context, handle: Any) -> None:
        self.context = context
        self._as_parameter_ = handle  # ctypes passes a Tensor as its handle
        # Not at Python's end, when there may still be views.
        weakref.finalize(self, context.library.gan_tensor_unref, handle).atexit = False

    def __copy__(self) -> Tensor:
        return self.context.share(self)  # one more reference to the same elements

    @property
    def shape(self) -> tuple[int, ...]:
        library = self.context.library
        return tuple(library.gan_tensor_shape(self)[:library.gan_tensor_rank(self)])

    @property
    def ndim(self) -> int:
        return int(self.context.library.gan_tensor_rank(self))

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self.context.library.gan_tensor_size(self))

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.context.library.dtype

    @property
    def is_tracked(self) -> bool:
        """Whether operations on it are recorded."""
        return bool(self.context.library.gan_tensor_is_tracked(self))

    def __repr__(self) -> str:
        return f"<gan.Tensor {self.shape} {self.dtype}>"

    # Values.

    @property
    def address(self) -> int:
        """Where the elements are, as long as the tensor lives: row-major, to be read only."""
        self.context.handle  # StateError once closed
        data = self.context.valid(self.context.library.gan_tensor_data(self))
        return ctypes.addressof(data.contents)

    def numpy(self, copy: bool = True) -> npt.NDArray[Any]:
        """The elements as a NumPy array: a copy, or a read-only view.

        A view keeps the tensor and its context, and shows what is written to the tensor later, by
        an optimizer for example. It may be read after the context has been closed.
        """
        if not copy:
            return np.asarray(_View(self))
        library = self.context.library
        array = np.empty(self.shape, library.dtype)
        self.context.check(library.read_elements(self, library.pointer(array), array.size))
        return array

    def __array__(self, dtype: npt.DTypeLike = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return self.numpy(copy is not False).astype(dtype or self.dtype, copy=False)

    def __dlpack__(self, *, stream: None = None, max_version: tuple[int, int] | None = None,
                   dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        """A capsule over the elements, or over a copy of them.

        max_version (1, 0) or above: a versioned one, which says that it is to be read only. The
        older kind cannot say so: writing there goes unnoticed by graphs that had saved the values.
        """
        if stream is not None or dl_device not in (None, _dlpack.CPU):
            raise BufferError("tensors are in the memory of the CPU")
        keep: Any = self.numpy() if copy else self
        data = keep.ctypes.data if copy else self.address
        versioned = max_version is not None and max_version >= _dlpack.VERSION
        return _dlpack.capsule(data, self.shape, 8 * self.dtype.itemsize, keep, versioned,
                               bool(copy))

    def __dlpack_device__(self) -> tuple[int, int]:
        return _dlpack.CPU

    def item(self) -> float:
        """The value of a tensor of one element."""
        value = ctypes.c_double()
        self.context.check(self.context.library.gan_tensor_item(self, ctypes.byref(value)))
        return value.value

    def __float__(self) -> float:
        return self.item()

    def write(self, data: npt.ArrayLike) -> None:
        """Overwrites the elements with those of an array of the same shape."""
        library = self.context.library
        array = np.asarray(data, dtype=library.dtype, order="C")
        if array.shape != self.shape:
            raise ValueError(f"write: {array.shape} into a tensor of shape {self.shape}")
        self.context.check(library.write_elements(self, library.pointer(array), array.size))

    # Python's operators. (NumPy's types do not know that __array_ufunc__ leaves its own to these.)

    @_operator
    def __add__(self, other: Operand) -> Tensor:
        return ops.add(self, other)

    @_operator
    def __radd__(self, other: Constant) -> Tensor:  # type: ignore[misc]
        return ops.add(self, other)

    @_operator
    def __sub__(self, other: Operand) -> Tensor:
        return ops.sub(self, other)

    @_operator
    def __rsub__(self, other: Constant) -> Tensor:  # type: ignore[misc]
        return ops.add(ops.neg(self), other)

    @_operator
    def __mul__(self, other: Operand) -> Tensor:
        return ops.mul(self, other)

    @_operator
    def __rmul__(self, other: Constant) -> Tensor:  # type: ignore[misc]
        return ops.mul(self, other)

    @_operator
    def __truediv__(self, other: Operand) -> Tensor:
        return ops.div(self, other)

    @_operator
    def __rtruediv__(self, other: Constant) -> Tensor:  # type: ignore[misc]
        return ops.div(other, self)

    @_operator
    def __pow__(self, exponent: float) -> Tensor:
        return ops.pow(self, exponent)

    @_operator
    def __matmul__(self, other: Tensor) -> Tensor:
        return ops.matmul(self, other)

    def __neg__(self) -> Tensor:
        return ops.neg(self)

    def __abs__(self) -> Tensor:
        return ops.abs(self)

    # Methods, in the order of ops.py.

    add = ops.add
    sub = ops.sub
    mul = ops.mul
    div = ops.div
    maximum = ops.maximum
    minimum = ops.minimum
    neg = ops.neg
    square = ops.square
    exp = ops.exp
    log = ops.log
    sqrt = ops.sqrt
    abs = ops.abs
    relu = ops.relu
    tanh = ops.tanh
    sigmoid = ops.sigmoid
    softplus = ops.softplus
    scale = ops.scale
    add_scalar = ops.add_scalar
    pow = ops.pow
    clamp = ops.clamp
    leaky_relu = ops.leaky_relu
    elu = ops.elu
    matmul = ops.matmul
    conv2d = ops.conv2d
    conv_transpose2d = ops.conv_transpose2d
    conv2d_data_grad = ops.conv2d_data_grad
    conv2d_weight_grad = ops.conv2d_weight_grad
    sum = ops.sum
    mean = ops.mean
    max = ops.max
    std = ops.std
    sum_all = ops.sum_all
    mean_all = ops.mean_all
    l2_norm = ops.l2_norm
    reshape = ops.reshape
    flatten = ops.flatten
    unflatten = ops.unflatten
    transpose = ops.transpose
    broadcast = ops.broadcast
    slice = ops.slice
    pad = ops.pad
    gather = ops.gather
    scatter_add = ops.scatter_add
    embedding = ops.embedding
    detach = ops.detach
    track = ops.track
    upsample_nearest = ops.upsample_nearest
    avg_pool2d = ops.avg_pool2d
    max_pool2d = ops.max_pool2d
    batch_normalize = ops.batch_normalize
    instance_normalize = ops.instance_normalize
    layer_normalize = ops.layer_normalize
    group_normalize = ops.group_normalize
    pack = ops.pack
    minibatch_std = ops.minibatch_std
    projection = ops.projection
    label_maps = ops.label_maps
    softmax = ops.softmax
    log_softmax = ops.log_softmax
    cross_entropy = ops.cross_entropy
    dropout = ops.dropout
