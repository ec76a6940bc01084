"""Modules: named trees of parameters and children.

SPDX-License-Identifier: MIT
"""

import ctypes
import os
import weakref

from . import _library
from ._library import text
from ._table import ModuleHandle, NormOptions
from .tensor import Tensor

# GAN_INIT_…
_INITIALISERS = {
    "normal": 1,
    "uniform": 2,
    "xavier_uniform": 3,
    "xavier_normal": 4,
    "he_uniform": 5,
    "he_normal": 6,
    "orthogonal": 7,
}


def _initialiser(method):
    try:
        return _INITIALISERS[method]
    except KeyError:
        raise ValueError(f"no initialiser {method!r}; one of {', '.join(_INITIALISERS)}") from None


def init(tensor, method, a=1.0):
    """Draws a tensor anew: "normal", "uniform", "xavier_uniform", … with its std, bound or gain."""
    tensor.context.check(tensor.context.library.gan_init(tensor, _initialiser(method), a))


class Module:
    """A tree of parameters and children. Module(context) is a root without a forward of its own.

    The add_ methods append a child and return it; without a name it is numbered, as in PyTorch's
    Sequential.
    """

    _create = "gan_module_create"

    def __init__(self, context):
        out = ModuleHandle()
        context.check(getattr(context.library, self._create)(context.handle, ctypes.byref(out)))
        self._adopt(context, out, None)
        weakref.finalize(self, context.library.gan_module_unref, out)

    def _adopt(self, context, handle, parent):
        self.context = context
        self._as_parameter_ = handle
        self._parent = parent  # keeps the root, which owns the handle, alive

    def _wrap(self, handle):
        module = Module.__new__(Module)
        module._adopt(self.context, self.context.valid(handle), self)
        return module

    def _add(self, function, name, *arguments):
        return self._wrap(getattr(self.context.library, function)(self, text(name), *arguments))

    def _check(self, function, *arguments):
        self.context.check(getattr(self.context.library, function)(self, *arguments))

    # Trees.

    def add_module(self, name=None):
        return self._add("gan_add_module", name)

    def add_sequential(self, name=None):
        return self._add("gan_add_sequential", name)

    def add_parameter(self, name, value):
        """A parameter of the host's own module; copies the values of a tensor."""
        add = self.context.library.gan_add_parameter
        return self.context.share(add(self, text(name), value))

    def add_buffer(self, name, value):
        """State that is saved but not trained; copies the values of a tensor."""
        add = self.context.library.gan_add_buffer
        return self.context.share(add(self, text(name), value))

    def child(self, path):
        """The descendant at a dotted path, or None."""
        handle = self.context.library.gan_module_child(self, text(path))
        return self._wrap(handle) if handle else None

    # Layers.

    def add_dense(self, inputs, outputs, name=None, bias=True):
        return self._add("gan_add_dense", name, inputs, outputs, bias)

    def add_conv2d(self, inputs, outputs, kernel, name=None, **options):
        """Options stride, padding, dilation, bias."""
        options = self.context.library.conv2d_options(**options)
        return self._add("gan_add_conv2d", name, inputs, outputs, kernel, options)

    def add_conv_transpose2d(self, inputs, outputs, kernel, name=None, **options):
        """Options stride, padding, dilation, output_padding, bias."""
        options = self.context.library.conv2d_options(**options)
        return self._add("gan_add_conv_transpose2d", name, inputs, outputs, kernel, options)

    def add_batch_norm(self, channels, name=None, **options):
        """Options affine, eps, momentum."""
        return self._add("gan_add_batch_norm", name, channels, self._norm(options))

    def add_instance_norm(self, channels, name=None, **options):
        """Options affine, eps."""
        return self._add("gan_add_instance_norm", name, channels, self._norm(options))

    def add_layer_norm(self, *shape, name=None, **options):
        """Of samples of this shape: (features) or (h, w, c). Options affine, eps."""
        options = self._norm(options)
        return self._add("gan_add_layer_norm", name, _library.sizes(shape), len(shape), options)

    def add_group_norm(self, groups, channels, name=None, **options):
        """Options affine, eps."""
        return self._add("gan_add_group_norm", name, groups, channels, self._norm(options))

    def _norm(self, options):
        return self.context.library.options(NormOptions, **options)

    def add_relu(self, name=None):
        return self._add("gan_add_relu", name)

    def add_leaky_relu(self, slope, name=None):
        return self._add("gan_add_leaky_relu", name, slope)

    def add_elu(self, alpha=1.0, name=None):
        return self._add("gan_add_elu", name, alpha)

    def add_tanh(self, name=None):
        return self._add("gan_add_tanh", name)

    def add_sigmoid(self, name=None):
        return self._add("gan_add_sigmoid", name)

    def add_softplus(self, name=None):
        return self._add("gan_add_softplus", name)

    def add_maxout(self, inputs, outputs, pieces, name=None):
        """The largest of `pieces` affine maps per unit."""
        return self._add("gan_add_maxout", name, inputs, outputs, pieces)

    def add_embedding(self, classes, width, name=None):
        """Rows of a table; called with labels."""
        return self._add("gan_add_embedding", name, classes, width)

    def add_dropout(self, p, name=None):
        return self._add("gan_add_dropout", name, p)

    def add_minibatch_std(self, group=0, name=None):
        """One more channel: how much the samples of a subset differ."""
        return self._add("gan_add_minibatch_std", name, group)

    def add_flatten(self, name=None):
        return self._add("gan_add_flatten", name)

    def add_unflatten(self, c, h, w, name=None):
        return self._add("gan_add_unflatten", name, c, h, w)

    def add_upsample(self, factor, name=None):
        return self._add("gan_add_upsample", name, factor)

    # Forward.

    def __call__(self, x):
        """The module's result for a tensor or a NumPy array."""
        x = x if isinstance(x, Tensor) else self.context.tensor(x)
        return self.context.take(self.context.library.gan_forward(self, x))

    def forward_labels(self, labels):
        """The result of a module that takes integer labels."""
        forward = self.context.library.gan_forward_labels
        return self.context.take(forward(self, *_library.labels(labels)))

    def train(self, on=True):
        """Training or evaluation mode of the whole tree."""
        self._check("gan_module_train", on)

    def eval(self):
        self.train(False)

    def freeze(self, frozen=True):
        """Frozen parameters are not tracked."""
        self._check("gan_module_freeze", frozen)

    # Parameters.

    def _listing(self, kind):
        """Name to Tensor of what the gan_module_<kind> functions enumerate."""
        library = self.context.library
        count, tensor, name = (getattr(library, f"gan_module_{kind}{suffix}")
                               for suffix in ("_count", "", "_name"))
        return {name(self, i).decode(): self.context.share(tensor(self, i))
                for i in range(count(self))}

    def parameters(self):
        """Name to Tensor, in the order in which they were added."""
        return self._listing("parameter")

    def state(self):
        """Name to Tensor of parameters and buffers: what files keep."""
        return self._listing("state")

    def find(self, name):
        """The parameter or buffer of a dotted name, or None."""
        handle = self.context.library.gan_module_find(self, text(name))
        return self.context.share(handle) if handle else None

    def copy_from(self, other):
        """Copies all parameters and buffers from a tree of the same names and shapes."""
        self._check("gan_module_copy", other)

    def spectral_norm(self):
        """Puts every dense and convolution layer under spectral norm, in PyTorch's names."""
        self._check("gan_module_spectral_norm")

    def average(self, other, decay):
        """self = decay · self + (1 - decay) · other, batch norm's statistics too."""
        self._check("gan_module_average", other, decay)

    def average_statistics(self, on=True):
        """Batch norms forget their statistics and collect plain means until turned off."""
        self._check("gan_module_average_statistics", on)

    def clip(self, bound, weights_only=False):
        """Clamps the parameters to [-bound, bound]."""
        self._check("gan_module_clip", bound, weights_only)

    def init(self, method, a=1.0):
        """Draws every dense and convolution weight anew: DCGAN's is ("normal", 0.02)."""
        self._check("gan_module_init", _initialiser(method), a)

    # Files.

    def save(self, path):
        """Writes parameters and buffers as safetensors."""
        self._check("gan_module_save", os.fsencode(path))

    def save_traced(self, path, input, output, range=""):
        """save, with the operators between a tracked input and its result."""
        self._check("gan_module_save_traced", os.fsencode(path), input, output, text(range))

    def save_onnx(self, path, input, output, range=""):
        """The operators between a tracked input and its result as an ONNX model; images NCHW."""
        self._check("gan_module_save_onnx", os.fsencode(path), input, output, text(range))

    def load(self, path, part=""):
        """Reads what save wrote, or torch.save of a state dict, into a tree of the same names and
        shapes. part: the tensors below these keys of dicts in dicts, joined by dots."""
        self._check("gan_module_load_part", os.fsencode(path), text(part))


class Sequential(Module):
    """A root that runs its children in order."""

    _create = "gan_sequential_create"
