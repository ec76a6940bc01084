"""Tensors. The operators (ops.py) are also their methods.

SPDX-License-Identifier: MIT
"""

import ctypes
import weakref

import numpy as np


class Tensor:
    """An owned reference to a tensor of the library, given back when Python drops it.

    Made by a Context, an operator or a module; tensors convert to NumPy by numpy(), NumPy arrays to
    tensors by Context.tensor or as the other operand of an arithmetic operator.
    """

    # ndarray + tensor is then the tensor's __radd__, not an array of tensors.
    __array_ufunc__ = None

    def __init__(self, context, handle):
        self.context = context
        self._as_parameter_ = handle  # ctypes passes a Tensor as its handle
        weakref.finalize(self, context.library.gan_tensor_unref, handle)

    @property
    def shape(self):
        library = self.context.library
        return tuple(library.gan_tensor_shape(self)[:library.gan_tensor_rank(self)])

    @property
    def ndim(self):
        return self.context.library.gan_tensor_rank(self)

    @property
    def size(self):
        """The number of elements."""
        return self.context.library.gan_tensor_size(self)

    @property
    def dtype(self):
        return self.context.library.dtype

    @property
    def is_tracked(self):
        """Whether operations on it are recorded."""
        return bool(self.context.library.gan_tensor_is_tracked(self))

    def __repr__(self):
        return f"<gan.Tensor {self.shape} {self.dtype}>"

    def numpy(self):
        """A copy as a NumPy array."""
        library = self.context.library
        array = np.empty(self.shape, library.dtype)
        self.context.check(library.read_elements(self, library.pointer(array), array.size))
        return array

    def __array__(self, dtype=None):
        return self.numpy().astype(dtype or self.dtype, copy=False)

    def item(self):
        """The value of a tensor of one element."""
        value = ctypes.c_double()
        self.context.check(self.context.library.gan_tensor_item(self, ctypes.byref(value)))
        return value.value

    def __float__(self):
        return self.item()

    def write(self, data):
        """Overwrites the elements with those of an array of the same shape."""
        library = self.context.library
        array = np.asarray(data, dtype=library.dtype, order="C")
        if array.shape != self.shape:
            raise ValueError(f"write: {array.shape} into a tensor of shape {self.shape}")
        self.context.check(library.write_elements(self, library.pointer(array), array.size))
