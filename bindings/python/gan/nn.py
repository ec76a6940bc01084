"""Modules: named trees of parameters and children.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from . import _library
from ._handle import Handle
from ._library import text
from ._table import ModelOptions, ModuleHandle, NormOptions

if TYPE_CHECKING:
    from .context import Context
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


def _initialiser(method: str) -> int:
    try:
        return _INITIALISERS[method]
    except KeyError:
        raise ValueError(f"no initialiser {method!r}; one of {', '.join(_INITIALISERS)}") from None


def init(tensor: Tensor, method: str, a: float = 1.0) -> None:
    """Draws a tensor anew: "normal", "uniform", "xavier_uniform", … with its std, bound or gain."""
    tensor.context.check(tensor.context.library.gan_init(tensor, _initialiser(method), a))


class Module(Handle):
    """A tree of parameters and children. Module(context) is a root without a forward of its own.

    The add_ methods append a child and return it; without a name it is numbered, as in PyTorch's
    Sequential.
    """

    _create = "gan_module_create"
    _owner: Handle | None = None  # of a borrowed module: what gives the handle back

    def __init__(self, context: Context) -> None:
        out = ModuleHandle()
        context.check(getattr(context.library, self._create)(context.handle, ctypes.byref(out)))
        super().__init__(context, out, context.library.gan_module_unref)

    @classmethod
    def _borrow(cls, owner: Handle, handle: Any) -> Module:
        """A module that lives with its owner, which it keeps."""
        module = cls.__new__(cls)
        module.context, module._handle, module._owner = owner.context, handle, owner
        return module

    def close(self) -> None:
        """Gives the tree back. What belongs to a parent or a trainer goes with that."""
        if self._owner is None:
            super().close()

    @property
    def handle(self) -> Any:
        """The C handle. StateError once closed."""
        if self._owner is None:
            return super().handle
        self._owner.handle
        return self._handle

    def _wrap(self, handle: Any) -> Module:
        return Module._borrow(self, self.context.valid(handle))

    def _add(self, function: str, name: str | None, *arguments: Any) -> Module:
        add = getattr(self.context.library, function)
        return self._wrap(add(self.handle, text(name), *arguments))

    # Trees.

    def add_module(self, name: str | None = None) -> Module:
        return self._add("gan_add_module", name)

    def add_sequential(self, name: str | None = None) -> Module:
        return self._add("gan_add_sequential", name)

    def add_parameter(self, name: str, value: Tensor) -> Tensor:
        """A parameter of the host's own module; copies the values of a tensor."""
        add = self.context.library.gan_add_parameter
        return self.context.share(add(self.handle, text(name), value))

    def add_buffer(self, name: str, value: Tensor) -> Tensor:
        """State that is saved but not trained; copies the values of a tensor."""
        add = self.context.library.gan_add_buffer
        return self.context.share(add(self.handle, text(name), value))

    def child(self, path: str) -> Module | None:
        """The descendant at a dotted path, or None."""
        handle = self.context.library.gan_module_child(self.handle, text(path))
        return self._wrap(handle) if handle else None

    # Layers.

    def add_dense(self, inputs: int, outputs: int, name: str | None = None,
                  bias: bool = True) -> Module:
        return self._add("gan_add_dense", name, inputs, outputs, bias)

    def add_conv2d(self, inputs: int, outputs: int, kernel: int, name: str | None = None,
                   **options: Any) -> Module:
        """Options stride, padding, dilation, bias."""
        options = self.context.library.conv2d_options(**options)
        return self._add("gan_add_conv2d", name, inputs, outputs, kernel, options)

    def add_conv_transpose2d(self, inputs: int, outputs: int, kernel: int, name: str | None = None,
                             **options: Any) -> Module:
        """Options stride, padding, dilation, output_padding, bias."""
        options = self.context.library.conv2d_options(**options)
        return self._add("gan_add_conv_transpose2d", name, inputs, outputs, kernel, options)

    def add_batch_norm(self, channels: int, name: str | None = None, **options: Any) -> Module:
        """Options affine, eps, momentum."""
        return self._add("gan_add_batch_norm", name, channels, self._norm(options))

    def add_instance_norm(self, channels: int, name: str | None = None, **options: Any) -> Module:
        """Options affine, eps."""
        return self._add("gan_add_instance_norm", name, channels, self._norm(options))

    def add_layer_norm(self, *shape: int, name: str | None = None, **options: Any) -> Module:
        """Of samples of this shape: (features) or (h, w, c). Options affine, eps."""
        options = self._norm(options)
        return self._add("gan_add_layer_norm", name, _library.sizes(shape), len(shape), options)

    def add_group_norm(self, groups: int, channels: int, name: str | None = None,
                       **options: Any) -> Module:
        """Options affine, eps."""
        return self._add("gan_add_group_norm", name, groups, channels, self._norm(options))

    def _norm(self, options: dict[str, Any]) -> Any:
        return self.context.library.options(NormOptions, **options)

    def add_relu(self, name: str | None = None) -> Module:
        return self._add("gan_add_relu", name)

    def add_leaky_relu(self, slope: float, name: str | None = None) -> Module:
        return self._add("gan_add_leaky_relu", name, slope)

    def add_elu(self, alpha: float = 1.0, name: str | None = None) -> Module:
        return self._add("gan_add_elu", name, alpha)

    def add_tanh(self, name: str | None = None) -> Module:
        return self._add("gan_add_tanh", name)

    def add_sigmoid(self, name: str | None = None) -> Module:
        return self._add("gan_add_sigmoid", name)

    def add_softplus(self, name: str | None = None) -> Module:
        return self._add("gan_add_softplus", name)

    def add_maxout(self, inputs: int, outputs: int, pieces: int, name: str | None = None) -> Module:
        """The largest of `pieces` affine maps per unit."""
        return self._add("gan_add_maxout", name, inputs, outputs, pieces)

    def add_embedding(self, classes: int, width: int, name: str | None = None) -> Module:
        """Rows of a table; called with labels."""
        return self._add("gan_add_embedding", name, classes, width)

    def add_dropout(self, p: float, name: str | None = None) -> Module:
        return self._add("gan_add_dropout", name, p)

    def add_minibatch_std(self, group: int = 0, name: str | None = None) -> Module:
        """One more channel: how much the samples of a subset differ."""
        return self._add("gan_add_minibatch_std", name, group)

    def add_flatten(self, name: str | None = None) -> Module:
        return self._add("gan_add_flatten", name)

    def add_unflatten(self, c: int, h: int, w: int, name: str | None = None) -> Module:
        return self._add("gan_add_unflatten", name, c, h, w)

    def add_upsample(self, factor: int, name: str | None = None) -> Module:
        return self._add("gan_add_upsample", name, factor)

    # Forward.

    def __call__(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """The module's result for a tensor or a NumPy array."""
        x = self.context.as_tensor(x)
        return self.context.take(self.context.library.gan_forward(self.handle, x))

    def forward_labels(self, labels: npt.ArrayLike) -> Tensor:
        """The result of a module that takes integer labels."""
        forward = self.context.library.gan_forward_labels
        return self.context.take(forward(self.handle, *_library.labels(labels)))

    def train(self, on: bool = True) -> None:
        """Training or evaluation mode of the whole tree."""
        self._check("gan_module_train", on)

    def eval(self) -> None:
        self.train(False)

    def freeze(self, frozen: bool = True) -> None:
        """Frozen parameters are not tracked."""
        self._check("gan_module_freeze", frozen)

    # Parameters.

    def _listing(self, kind: str) -> dict[str, Tensor]:
        """Name to Tensor of what the gan_module_<kind> functions enumerate."""
        library = self.context.library
        count, tensor, name = (getattr(library, f"gan_module_{kind}{suffix}")
                               for suffix in ("_count", "", "_name"))
        return {name(self.handle, i).decode(): self.context.share(tensor(self.handle, i))
                for i in range(count(self.handle))}

    def parameters(self) -> dict[str, Tensor]:
        """Name to Tensor, in the order in which they were added."""
        return self._listing("parameter")

    def state(self) -> dict[str, Tensor]:
        """Name to Tensor of parameters and buffers: what files keep."""
        return self._listing("state")

    def find(self, name: str) -> Tensor | None:
        """The parameter or buffer of a dotted name, or None."""
        handle = self.context.library.gan_module_find(self.handle, text(name))
        return self.context.share(handle) if handle else None

    def copy_from(self, other: Module) -> None:
        """Copies all parameters and buffers from a tree of the same names and shapes."""
        self._check("gan_module_copy", other.handle)

    def spectral_norm(self) -> None:
        """Puts every dense and convolution layer under spectral norm, in PyTorch's names."""
        self._check("gan_module_spectral_norm")

    def average(self, other: Module, decay: float) -> None:
        """self = decay · self + (1 - decay) · other, batch norm's statistics too."""
        self._check("gan_module_average", other.handle, decay)

    def average_statistics(self, on: bool = True) -> None:
        """Batch norms forget their statistics and collect plain means until turned off."""
        self._check("gan_module_average_statistics", on)

    def clip(self, bound: float, weights_only: bool = False) -> None:
        """Clamps the parameters to [-bound, bound]."""
        self._check("gan_module_clip", bound, weights_only)

    def init(self, method: str, a: float = 1.0) -> None:
        """Draws every dense and convolution weight anew: DCGAN's is ("normal", 0.02)."""
        self._check("gan_module_init", _initialiser(method), a)

    # Files.

    def save(self, path: _library.FilePath) -> None:
        """Writes parameters and buffers as safetensors."""
        self._check("gan_module_save", os.fsencode(path))

    def save_traced(self, path: _library.FilePath, input: Tensor, output: Tensor,
                    range: str = '') -> None:
        """save, with the operators between a tracked input and its result."""
        self._check("gan_module_save_traced", os.fsencode(path), input, output, text(range))

    def save_model(self, path: _library.FilePath, input: Tensor, output: Tensor,
                   range: str = "-1..1", **options: Any) -> None:
        """save_traced with what gan.Sampler wants to know. Options: premultiplied, classes,
        uniform, latent_lo, latent_hi."""
        struct = self.context.library.options(ModelOptions, range=text(range), **options)
        self._check("gan_module_save_model", os.fsencode(path), input, output,
                    ctypes.byref(struct))

    def save_onnx(self, path: _library.FilePath, input: Tensor, output: Tensor,
                  range: str = "") -> None:
        """The operators between a tracked input and its result as an ONNX model; images NCHW."""
        self._check("gan_module_save_onnx", os.fsencode(path), input, output, text(range))

    def load(self, path: _library.FilePath, part: str = "") -> None:
        """Reads what save wrote, or torch.save of a state dict, into a tree of the same names and
        shapes. part: the tensors below these keys of dicts in dicts, joined by dots."""
        self._check("gan_module_load_part", os.fsencode(path), text(part))


class Sequential(Module):
    """A root that runs its children in order."""

    _create = "gan_sequential_create"
