"""Losses, and the whole WGAN-GP critic and generator losses with all their gradients.

SPDX-License-Identifier: MIT
"""

import unittest

# First: it finds gan, and says what is missing.
from oracle import (OracleTest, gan_arrays, gan_grad, gan_network, gan_tensor, layer, named, normal,
                    random_state, torch_arrays, torch_grad, torch_network, torch_tensor)

import gan
import numpy as np
import torch
import torch.nn.functional as F

# A network, and the shape of one sample.
MLP = [
    layer("dense", 20, 64), layer("leaky_relu", 0.2),
    layer("dense", 64, 64), layer("leaky_relu", 0.2),
    layer("dense", 64, 1)
], (20,)


def convolutional(*norms):
    """DCGAN's critic for 3 x 32 x 32, with these norms between its convolutions."""
    first, second = norms
    return [
        layer("conv", 3, 12, 4, stride=2, padding=1), layer("leaky_relu", 0.2),
        layer("conv", 12, 24, 4, stride=2, padding=1), first, layer("leaky_relu", 0.2),
        layer("conv", 24, 32, 4, stride=2, padding=1, bias=False), second,
        layer("leaky_relu", 0.2), layer("conv", 32, 1, 4), layer("flatten")
    ], (3, 32, 32)


CRITICS = {
    "multilayer perceptron": MLP,
    "smooth perceptron": ([layer("dense", 12, 32), layer("softplus"), layer("dense", 32, 16),
                           layer("tanh"), layer("dense", 16, 1)], (12,)),
    "affine instance norm": convolutional(layer("instance_norm", 24), layer("instance_norm", 32)),
    "layer norm": convolutional(layer("layer_norm", 24, 8, 8), layer("layer_norm", 32, 4, 4)),
    "group norm": convolutional(layer("group_norm", 4, 24), layer("group_norm", 8, 32)),
    "flatten to dense": ([
        layer("conv", 1, 8, 5, stride=2, padding=2), layer("leaky_relu", 0.2),
        layer("conv", 8, 16, 5, stride=2, padding=2), layer("leaky_relu", 0.2),
        layer("flatten"), layer("dense", 16 * 7 * 7, 1)
    ], (1, 28, 28)),
}

SPECTRAL = ([
    layer("spectral_conv", 3, 12, 4, stride=2, padding=1), layer("leaky_relu", 0.2),
    layer("spectral_conv", 12, 16, 4, stride=2, padding=1), layer("softplus"), layer("flatten"),
    layer("spectral_dense", 16 * 4 * 4, 1)
], (3, 16, 16))

GENERATOR = [
    layer("dense", 16, 32 * 4 * 4, bias=False), layer("batch_norm_features", 32 * 4 * 4),
    layer("relu"), layer("unflatten", 32, 4, 4),
    layer("conv_transpose", 32, 16, 4, stride=2, padding=1), layer("batch_norm", 16),
    layer("relu"), layer("conv_transpose", 16, 8, 4, stride=2, padding=1, bias=False),
    layer("batch_norm", 8), layer("relu"), layer("conv_transpose", 8, 3, 4, stride=2, padding=1),
    layer("tanh")
]

BATCH = 8


def torch_penalty(scores, points, weight=10.0, target=1.0, one_sided=False):
    """Gulrajani et al. 2017, Algorithm 1, line 7, and Appendix C."""
    gradient, = torch.autograd.grad(scores.sum(), points, create_graph=True)
    excess = gradient.flatten(1).norm(dim=1) - target
    return weight * (F.relu(excess) if one_sided else excess).square().mean()


class Losses(OracleTest):

    def compare_loss(self, shapes, in_torch, in_gan, scale=1.0):
        rng = np.random.default_rng(1)
        scores = {f"scores {i}": scale * normal(rng, *shape) for i, shape in enumerate(shapes)}

        def run_torch(dtype):
            inputs = {name: torch_tensor(x, dtype, track=True) for name, x in scores.items()}
            loss = in_torch(*inputs.values())
            return torch_arrays(named("gradient", torch_grad(loss, inputs)) | {"loss": loss})

        def run_gan(context):
            inputs = {name: gan_tensor(context, x, track=True) for name, x in scores.items()}
            loss = in_gan(*inputs.values())
            return gan_arrays(named("gradient", gan_grad(loss, inputs)) | {"loss": loss})

        self.compare(run_torch, run_gan)

    def test_bce_with_logits(self):
        def in_torch(x, target):
            return F.binary_cross_entropy_with_logits(x, torch.full_like(x, target))

        for target in (0.0, 1.0, 0.9):
            for scale in (1.0, 40.0):
                with self.subTest(target=target, scale=scale):
                    self.compare_loss([(16, 1)], lambda x: in_torch(x, target),
                                      lambda x: gan.bce_with_logits(x, target), scale)

    def test_wasserstein(self):
        self.compare_loss([(16, 1), (12, 1)], lambda real, fake: fake.mean() - real.mean(),
                          gan.wasserstein_critic)
        self.compare_loss([(16,)], lambda fake: -fake.mean(), gan.wasserstein_generator)

    def test_relativistic(self):
        for scale in (1.0, 40.0):
            self.compare_loss([(16, 1), (16, 1)], lambda real, fake: F.softplus(fake - real).mean(),
                              gan.relativistic_discriminator, scale)
            self.compare_loss([(16, 1), (16, 1)], lambda real, fake: F.softplus(real - fake).mean(),
                              gan.relativistic_generator, scale)


class Penalty(OracleTest):

    def compare_critic(self, specification, shape, weight=10.0, target=1.0, one_sided=False):
        """The critic's loss: scores of real and fake batches, and the penalty between them."""
        rng = np.random.default_rng(1)
        state = random_state(specification, seed=2)
        real, fake = normal(rng, BATCH, *shape), normal(rng, BATCH, *shape)
        epsilon = rng.random((BATCH,) + (1,) * len(shape), np.float32)
        between = epsilon * real + (1 - epsilon) * fake

        def run_torch(dtype):
            critic = torch_network(specification, state, dtype)
            points = torch_tensor(between, dtype, track=True)
            scores = critic(points)
            penalty = torch_penalty(scores, points, weight, target, one_sided)
            difference = (critic(torch_tensor(fake, dtype)).mean() -
                          critic(torch_tensor(real, dtype)).mean())
            gradients = torch_grad(difference + penalty, dict(critic.named_parameters()))
            return torch_arrays(named("gradient", gradients) | {
                "scores": scores, "penalty": penalty, "loss": difference + penalty})

        def run_gan(context):
            critic = gan_network(context, specification, state)
            points = gan_tensor(context, between, track=True)
            scores = critic(points)
            penalty = gan.penalty(scores, points, lambda_=weight, target=target,
                                  one_sided=one_sided)
            loss = penalty + gan.wasserstein_critic(critic(gan_tensor(context, real)),
                                                    critic(gan_tensor(context, fake)))
            gradients = gan_grad(loss, critic.parameters())
            return gan_arrays(named("gradient", gradients) | {
                "scores": scores, "penalty": penalty, "loss": loss})

        self.compare(run_torch, run_gan)

    def test_critics(self):
        for name, (specification, shape) in CRITICS.items():
            with self.subTest(critic=name):
                self.compare_critic(specification, shape)

    def test_options(self):
        # The perceptron's gradient norms lie on both sides of this target.
        for one_sided in (False, True):
            with self.subTest(one_sided=one_sided):
                self.compare_critic(*MLP, weight=0.1, target=0.5, one_sided=one_sided)

    def test_penalty_of(self):
        """The convenient form is the other one on the same points."""
        for name, critic in (("instance", CRITICS["affine instance norm"]), ("spectral", SPECTRAL)):
            with self.subTest(norm=name):
                self.compare_penalty_of(*critic, torch_penalty, gan.penalty_of)

    def test_zero_penalty(self):
        """R1 and R2 (Mescheder et al. 2018)."""

        def in_torch(scores, points):
            gradient, = torch.autograd.grad(scores.sum(), points, create_graph=True)
            return 10 / 2 * gradient.square().flatten(1).sum(1).mean()

        def in_gan(critic, points):
            return gan.zero_penalty_of(critic, points, 10)

        def in_two_steps(critic, points):
            tracked = points.track()
            return gan.zero_penalty(critic(tracked), tracked, 10)

        for critic in (CRITICS["smooth perceptron"], CRITICS["layer norm"], SPECTRAL):
            self.compare_penalty_of(*critic, in_torch, in_gan)
            self.compare_penalty_of(*critic, in_torch, in_two_steps)

    def compare_penalty_of(self, specification, shape, in_torch, in_gan):
        state = random_state(specification, seed=2)
        points = normal(np.random.default_rng(3), BATCH, *shape)

        def run_torch(dtype):
            critic = torch_network(specification, state, dtype)
            tracked = torch_tensor(points, dtype, track=True)
            penalty = in_torch(critic(tracked), tracked)
            gradients = torch_grad(penalty, dict(critic.named_parameters()))
            return torch_arrays(named("gradient", gradients) | {"penalty": penalty})

        def run_gan(context):
            critic = gan_network(context, specification, state)
            penalty = in_gan(critic, gan_tensor(context, points))
            gradients = gan_grad(penalty, critic.parameters())
            return gan_arrays(named("gradient", gradients) | {"penalty": penalty})

        self.compare(run_torch, run_gan)


class Generator(OracleTest):

    def test_generator(self):
        """dense, unflatten, transposed convolutions and batch norms, judged by a critic."""
        critic_specification, _ = CRITICS["affine instance norm"]
        state = random_state(GENERATOR, seed=4)
        critic_state = random_state(critic_specification, seed=2)
        latent = normal(np.random.default_rng(5), BATCH, 16)
        statistics = [name for name in state if "running" in name]

        def run_torch(dtype):
            generator = torch_network(GENERATOR, state, dtype)
            images = generator(torch_tensor(latent, dtype))
            loss = -torch_network(critic_specification, critic_state, dtype)(images).mean()
            gradients = torch_grad(loss, dict(generator.named_parameters()))
            buffers = {name: generator.state_dict()[name] for name in statistics}
            return torch_arrays(named("gradient", gradients) | named("statistics", buffers) | {
                "images": images, "loss": loss})

        def run_gan(context):
            generator = gan_network(context, GENERATOR, state)
            images = generator(context.tensor(latent))
            critic = gan_network(context, critic_specification, critic_state)
            critic.freeze()
            loss = gan.wasserstein_generator(critic(images))
            gradients = gan_grad(loss, generator.parameters())
            buffers = {name: generator.find(name) for name in statistics}
            return gan_arrays(named("gradient", gradients) | named("statistics", buffers) | {
                "images": images, "loss": loss})

        self.compare(run_torch, run_gan)


if __name__ == "__main__":
    unittest.main()
