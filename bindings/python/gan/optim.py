"""Optimizers, in PyTorch's formulas.

SPDX-License-Identifier: MIT
"""

import ctypes
import weakref

from ._table import AdamOptions, OptimizerHandle, RMSPropOptions, SGDOptions, TensorHandle


class Optimizer:
    """Works on all parameters of a module, as they are at its creation."""

    _create = None
    _options = None

    def __init__(self, module, **options):
        context = self.context = module.context
        options = context.library.options(self._options, **options)
        out = OptimizerHandle()
        create = getattr(context.library, self._create)
        context.check(create(module, ctypes.byref(options), ctypes.byref(out)))
        self._as_parameter_ = out
        weakref.finalize(self, context.library.gan_optimizer_unref, out)

    def minimize(self, loss):
        """Differentiates a loss and makes one step. The loss's graph is consumed."""
        self.context.check(self.context.library.gan_optimizer_minimize(self, loss))

    def step(self, grads):
        """One step with the caller's gradients, in the parameters' order; None skips one."""
        handles = [None if grad is None else grad._as_parameter_ for grad in grads]
        array = (TensorHandle * len(handles))(*handles)
        self.context.check(self.context.library.gan_optimizer_step(self, array, len(handles)))

    def parameters(self):
        library = self.context.library
        return [self.context.share(library.gan_optimizer_parameter(self, i))
                for i in range(library.gan_optimizer_parameter_count(self))]

    @property
    def lr(self):
        return self.context.library.gan_optimizer_lr(self)

    @lr.setter
    def lr(self, value):
        self.context.check(self.context.library.gan_optimizer_set_lr(self, value))

    @property
    def momentum(self):
        """Of an optimizer that was created with one; 0 else."""
        return self.context.library.gan_optimizer_momentum(self)

    @momentum.setter
    def momentum(self, value):
        self.context.check(self.context.library.gan_optimizer_set_momentum(self, value))

    @property
    def grad_norm(self):
        """The global gradient norm of the last step, before clipping."""
        return self.context.library.gan_optimizer_grad_norm(self)


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
