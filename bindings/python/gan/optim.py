"""Optimizers, in PyTorch's formulas.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Sequence

from ._handle import Handle
from ._table import AdamOptions, OptimizerHandle, RMSPropOptions, SGDOptions, TensorHandle

if TYPE_CHECKING:
    from .nn import Module
    from .tensor import Tensor


class Optimizer(Handle):
    """Works on all parameters of a module, as they are at its creation."""

    _create = ""
    _options: Any = None

    def __init__(self, module: Module, **options: Any) -> None:
        context = module.context
        struct = context.library.options(self._options, **options)
        out = OptimizerHandle()
        create = getattr(context.library, self._create)
        context.check(create(module.handle, ctypes.byref(struct), ctypes.byref(out)))
        super().__init__(context, out, context.library.gan_optimizer_unref)

    def minimize(self, loss: Tensor) -> None:
        """Differentiates a loss and makes one step. The loss's graph is consumed."""
        self._check("gan_optimizer_minimize", loss)

    def step(self, grads: Sequence[Tensor | None]) -> None:
        """One step with the caller's gradients, in the parameters' order; None skips one."""
        handles = [None if grad is None else grad._as_parameter_ for grad in grads]
        array = (TensorHandle * len(handles))(*handles)
        self._check("gan_optimizer_step", array, len(handles))

    def parameters(self) -> list[Tensor]:
        library = self.context.library
        return [self.context.share(library.gan_optimizer_parameter(self.handle, i))
                for i in range(library.gan_optimizer_parameter_count(self.handle))]

    @property
    def lr(self) -> float:
        return float(self.context.library.gan_optimizer_lr(self.handle))

    @lr.setter
    def lr(self, value: float) -> None:
        self._check("gan_optimizer_set_lr", value)

    @property
    def momentum(self) -> float:
        """Of an optimizer that was created with one; 0 else."""
        return float(self.context.library.gan_optimizer_momentum(self.handle))

    @momentum.setter
    def momentum(self, value: float) -> None:
        self._check("gan_optimizer_set_momentum", value)

    @property
    def grad_norm(self) -> float:
        """The global gradient norm of the last step, before clipping."""
        return float(self.context.library.gan_optimizer_grad_norm(self.handle))


class Adam(Optimizer):
    """Options lr, beta1, beta2, eps, weight_decay, max_grad_norm."""

    _create = "gan_adam_create"
    _options = AdamOptions


class RMSProp(Optimizer):
    """Options tf1, centered, lr, alpha, eps, momentum, weight_decay, max_grad_norm."""

    _create = "gan_rmsprop_create"
    _options = RMSPropOptions


class SGD(Optimizer):
    """Options nesterov, lr, momentum, weight_decay, max_grad_norm."""

    _create = "gan_sgd_create"
    _options = SGDOptions
