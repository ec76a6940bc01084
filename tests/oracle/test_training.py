"""Twenty steps of WGAN-GP training against PyTorch, from the same weights, batches and noise:
the losses of every step, and what the networks give afterwards.

SPDX-License-Identifier: MIT
"""

import unittest

# First: it finds gan, and says what is missing.
from oracle import (OracleTest, gan_array, gan_network, gan_tensor, layer, normal, random_state,
                    torch_array, torch_network, torch_tensor)

import gan
import numpy as np
import torch
from test_penalty import torch_penalty

STEPS = 20
BATCH = 8
LATENT = 8

PERCEPTRONS = {
    "generator": [
        layer("dense", LATENT, 32), layer("relu"), layer("dense", 32, 32), layer("relu"),
        layer("dense", 32, 10)],
    "critic": [
        layer("dense", 10, 32), layer("leaky_relu", 0.2), layer("dense", 32, 32),
        layer("leaky_relu", 0.2), layer("dense", 32, 1)],
    "shape": (10,),
}
CONVOLUTIONAL = {
    "generator": [
        layer("dense", LATENT, 16 * 4 * 4), layer("relu"), layer("unflatten", 16, 4, 4),
        layer("conv_transpose", 16, 8, 4, stride=2, padding=1, bias=False), layer("batch_norm", 8),
        layer("relu"), layer("conv_transpose", 8, 1, 4, stride=2, padding=1), layer("tanh")],
    "critic": [
        layer("conv", 1, 8, 4, stride=2, padding=1), layer("leaky_relu", 0.2),
        layer("conv", 8, 16, 4, stride=2, padding=1, bias=False), layer("instance_norm", 16),
        layer("leaky_relu", 0.2), layer("flatten"), layer("dense", 16 * 4 * 4, 1)],
    "shape": (1, 16, 16),
}


class Batches:
    """The random numbers of a training run."""

    def __init__(self, shape):
        rng = np.random.default_rng(1)
        self.steps = [{
            "real": np.tanh(normal(rng, BATCH, *shape)),
            "critic noise": normal(rng, BATCH, LATENT),
            "epsilon": rng.random((BATCH,) + (1,) * len(shape), np.float32),
            "generator noise": normal(rng, BATCH, LATENT),
        } for _ in range(STEPS)]
        self.noise, self.images = normal(rng, BATCH, LATENT), normal(rng, BATCH, *shape)


class Training(OracleTest):

    def run_torch(self, networks, states, batches, dtype, optimizer):
        generator, critic = (torch_network(networks[name], states[name], dtype)
                             for name in ("generator", "critic"))
        generator_optimizer, critic_optimizer = optimizer(generator), optimizer(critic)
        critic_losses, generator_losses = [], []
        for step in batches.steps:
            batch = {name: torch_tensor(value, dtype) for name, value in step.items()}
            fake = generator(batch["critic noise"]).detach()
            between = batch["epsilon"] * batch["real"] + (1 - batch["epsilon"]) * fake
            between.requires_grad_()
            loss = (critic(fake).mean() - critic(batch["real"]).mean() +
                    torch_penalty(critic(between), between))
            critic_optimizer.zero_grad()
            loss.backward()
            critic_optimizer.step()
            critic_losses.append(loss.item())

            loss = -critic(generator(batch["generator noise"])).mean()
            generator_optimizer.zero_grad()
            loss.backward()
            generator_optimizer.step()
            generator_losses.append(loss.item())
        generator.eval()
        return {
            "critic losses": np.array(critic_losses),
            "generator losses": np.array(generator_losses),
            "images": torch_array(generator(torch_tensor(batches.noise, dtype))),
            "scores": torch_array(critic(torch_tensor(batches.images, dtype))),
        }

    def run_gan(self, networks, states, batches, context, optimizer):
        generator, critic = (gan_network(context, networks[name], states[name])
                             for name in ("generator", "critic"))
        generator_optimizer, critic_optimizer = optimizer(generator), optimizer(critic)
        critic_losses, generator_losses = [], []
        for step in batches.steps:
            with context.scope():
                batch = {name: gan_tensor(context, value) for name, value in step.items()}
                with context.no_grad():
                    fake = generator(batch["critic noise"])
                    between = (batch["epsilon"] * batch["real"] +
                               (1 - batch["epsilon"]) * fake)
                between = between.track()
                loss = gan.wasserstein_critic(critic(batch["real"]), critic(fake))
                loss = loss + gan.penalty(critic(between), between)
                critic_optimizer.minimize(loss)
                critic_losses.append(loss.item())

                critic.freeze()
                loss = gan.wasserstein_generator(critic(generator(batch["generator noise"])))
                generator_optimizer.minimize(loss)
                generator_losses.append(loss.item())
                critic.freeze(False)
        generator.eval()
        return {
            "critic losses": np.array(critic_losses),
            "generator losses": np.array(generator_losses),
            "images": gan_array(generator(gan_tensor(context, batches.noise))),
            "scores": gan_array(critic(gan_tensor(context, batches.images))),
        }

    def compare_training(self, networks, torch_optimizer, gan_optimizer):
        states = {name: random_state(networks[name], seed=seed)
                  for seed, name in enumerate(("generator", "critic"))}
        batches = Batches(networks["shape"])
        self.compare(
            lambda dtype: self.run_torch(networks, states, batches, dtype, torch_optimizer),
            lambda context: self.run_gan(networks, states, batches, context, gan_optimizer))

    def test_perceptrons(self):
        self.compare_training(
            PERCEPTRONS,
            lambda network: torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0, 0.9)),
            lambda network: gan.Adam(network, lr=1e-3, beta1=0, beta2=0.9))

    def test_convolutional(self):
        self.compare_training(
            CONVOLUTIONAL,
            lambda network: torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.9)),
            lambda network: gan.Adam(network, lr=1e-3, beta1=0.5, beta2=0.9))

    def test_clipped_steps(self):
        """Momentum and a bound on the gradients' norm."""

        class Clipped(torch.optim.SGD):

            def step(self):
                torch.nn.utils.clip_grad_norm_(self.param_groups[0]["params"], 1.0)
                super().step()

        self.compare_training(
            PERCEPTRONS,
            lambda network: Clipped(network.parameters(), lr=1e-3, momentum=0.9),
            lambda network: gan.SGD(network, lr=1e-3, momentum=0.9, max_grad_norm=1.0))


if __name__ == "__main__":
    unittest.main()
