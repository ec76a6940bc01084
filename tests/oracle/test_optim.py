"""Optimizers fed with the same gradients for 20 steps.

PyTorch's are the reference; for TensorFlow 1's form of RMSProp, its formula in NumPy.

SPDX-License-Identifier: MIT
"""

import unittest

# First: it finds gan, and says what is missing.
from oracle import (OracleTest, gan_arrays, gan_network, layer, named, normal, random_state,
                    torch_arrays, torch_network, torch_tensor)

import gan
import numpy as np
import torch

STEPS = 20
FLOAT32 = 1e-6  # of the float32 build; the float64 build must do as well as everywhere

NETWORK = [layer("dense", 7, 5), layer("dense", 5, 3)]

# PyTorch's class and options, libgan's class and options.
CASES = {
    "adam": (torch.optim.Adam, {}, gan.Adam, {}),
    "adam of WGAN-GP": (torch.optim.Adam, {"lr": 1e-4, "betas": (0, 0.9)},
                        gan.Adam, {"lr": 1e-4, "beta1": 0, "beta2": 0.9}),
    "adam of DCGAN": (torch.optim.Adam, {"lr": 2e-4, "betas": (0.5, 0.999)},
                      gan.Adam, {"lr": 2e-4, "beta1": 0.5, "beta2": 0.999}),
    "adam with decay": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1, "eps": 1e-3},
                        gan.Adam, {"lr": 0.01, "weight_decay": 0.1, "eps": 1e-3}),
    "rmsprop": (torch.optim.RMSprop, {}, gan.RMSProp, {}),
    "rmsprop of WGAN": (torch.optim.RMSprop, {"lr": 5e-5}, gan.RMSProp, {"lr": 5e-5}),
    "sgd": (torch.optim.SGD, {"lr": 0.01}, gan.SGD, {}),
} | {
    f"rmsprop {' '.join(options)}": (torch.optim.RMSprop, options, gan.RMSProp, options)
    for options in ({"centered": True}, {"momentum": 0.9}, {"centered": True, "momentum": 0.5},
                    {"alpha": 0.9, "eps": 1e-4, "weight_decay": 0.1})
} | {
    f"sgd {' '.join(options)}": (torch.optim.SGD, {"lr": 0.01} | options, gan.SGD, options)
    for options in ({"momentum": 0.9}, {"momentum": 0.9, "nesterov": True},
                    {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1})
}


def gradients_of(state):
    """STEPS dicts of name to gradient. They decay, and one element is always zero."""
    rng = np.random.default_rng(1)
    steps = []
    for step in range(STEPS):
        grads = {name: normal(rng, *value.shape) * np.float32(0.9**step)
                 for name, value in state.items()}
        grads["0.weight"][0, 0] = 0
        steps.append(grads)
    return steps


def tf1_rmsprop(weights, steps, lr, alpha, eps, momentum=0.0, centered=False):
    """TensorFlow 1: the accumulator starts at one, eps is inside the root, the rate inside the
    momentum."""
    results = {}
    for name, value in weights.items():
        w = value.astype(np.float64)
        square, mean, velocity = np.ones_like(w), np.zeros_like(w), np.zeros_like(w)
        for grads in steps:
            g = grads[name].astype(np.float64)
            square = alpha * square + (1 - alpha) * g**2
            mean = alpha * mean + (1 - alpha) * g
            variance = square - mean**2 if centered else square
            velocity = momentum * velocity + lr * g / np.sqrt(variance + eps)
            w = w - velocity
        results[name] = w
    return results


class Optimizers(OracleTest):

    def setUp(self):
        self.state = random_state(NETWORK, seed=2)
        self.steps = gradients_of(self.state)

    def run_torch(self, optimizer, options, dtype, max_norm=None, skipped=()):
        network = torch_network(NETWORK, self.state, dtype)
        parameters = dict(network.named_parameters())
        optimizer = optimizer(parameters.values(), **options)
        for grads in self.steps:
            for name, parameter in parameters.items():
                parameter.grad = None if name in skipped else torch_tensor(grads[name], dtype)
            if max_norm:
                torch.nn.utils.clip_grad_norm_(parameters.values(), max_norm)
            optimizer.step()
        return torch_arrays(named("weights", parameters))

    def run_gan(self, optimizer, options, context, skipped=()):
        network = gan_network(context, NETWORK, self.state)
        optimizer = optimizer(network, **options)
        parameters = network.parameters()
        for grads in self.steps:
            with context.scope():
                optimizer.step([None if name in skipped else context.tensor(grads[name])
                                for name in parameters])
        return gan_arrays(named("weights", parameters))

    def compare_optimizer(self, theirs, theirs_options, ours, ours_options, max_norm=None,
                          skipped=()):
        self.compare(
            lambda dtype: self.run_torch(theirs, theirs_options, dtype, max_norm, skipped),
            lambda context: self.run_gan(ours, ours_options, context, skipped),
            float32=FLOAT32)

    def test_optimizers(self):
        for name, case in CASES.items():
            with self.subTest(optimizer=name):
                self.compare_optimizer(*case)

    def test_max_grad_norm(self):
        # The norm of the gradients falls below this bound on the way.
        bound = 3.0
        for name in ("adam", "rmsprop", "sgd momentum"):
            theirs, theirs_options, ours, ours_options = CASES[name]
            with self.subTest(optimizer=name):
                self.compare_optimizer(theirs, theirs_options, ours,
                                       ours_options | {"max_grad_norm": bound}, max_norm=bound)

    def test_skipped_parameter(self):
        for name in ("adam", "rmsprop", "sgd momentum"):
            with self.subTest(optimizer=name):
                self.compare_optimizer(*CASES[name], skipped=("0.bias",))

    def test_momentum_moves(self):
        """A ramp of the momentum and a decay of the rate, as GAN (2014) has them."""
        for theirs, ours in ((torch.optim.SGD, gan.SGD), (torch.optim.RMSprop, gan.RMSProp)):

            def run_torch(dtype):
                network = torch_network(NETWORK, self.state, dtype)
                parameters = dict(network.named_parameters())
                optimizer = theirs(parameters.values(), lr=0.1, momentum=0.5)
                for step, grads in enumerate(self.steps):
                    group, = optimizer.param_groups
                    group["momentum"] = 0.5 + 0.2 * min(step / 10, 1)
                    group["lr"] = max(0.1 * 0.7**(step // 2), 0.01)
                    for name, parameter in parameters.items():
                        parameter.grad = torch_tensor(grads[name], dtype)
                    optimizer.step()
                return torch_arrays(named("weights", parameters))

            def run_gan(context):
                network = gan_network(context, NETWORK, self.state)
                optimizer = ours(network, lr=0.1, momentum=0.5)
                parameters = network.parameters()
                for step, grads in enumerate(self.steps):
                    optimizer.momentum = gan.ramp(0.5, 0.7, step, 0, 10)
                    optimizer.lr = gan.step_decay(0.1, 0.7, step, 2, 0.01)
                    with context.scope():
                        optimizer.step([context.tensor(grads[name]) for name in parameters])
                return gan_arrays(named("weights", parameters))

            with self.subTest(optimizer=ours.__name__):
                self.compare(run_torch, run_gan, float32=FLOAT32)

    def test_plateau(self):
        rng = np.random.default_rng(3)
        measures = list(np.exp(-np.arange(60) / 20) + 0.1 * rng.random(60)) + [np.nan] * 30
        parameter = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([parameter], lr=1.0)
        theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=0.5, patience=3, threshold=1e-2, min_lr=0.1, eps=0)
        ours, lr, seen = gan.Plateau(patience=3, threshold=1e-2, floor=0.1), 1.0, set()
        for measure in measures:
            theirs.step(measure)
            lr = ours.next(lr, measure)
            seen.add(lr)
            self.assertEqual(lr, optimizer.param_groups[0]["lr"])
        self.assertEqual(seen, {1.0, 0.5, 0.25, 0.125, 0.1})

    def test_tf1_rmsprop(self):
        common = {"lr": 1e-3, "alpha": 0.9, "eps": 1e-3}
        for options in ({}, {"momentum": 0.9}, {"centered": True}):
            with self.subTest(options=options):
                reference = tf1_rmsprop(self.state, self.steps, **common, **options)
                self.compare(
                    lambda dtype: named("weights", reference),
                    lambda context: self.run_gan(gan.RMSProp, common | options | {"tf1": True},
                                                 context),
                    float32=FLOAT32)


if __name__ == "__main__":
    unittest.main()
