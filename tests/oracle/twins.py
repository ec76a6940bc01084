"""PyTorch twins of three systems as the trainer's presets have them: DCGAN with the non-saturating
loss on 28 x 28 grey pixels, WGAN-GP on 28 x 28, BEGAN on 32 x 32.

A twin is an ordinary PyTorch program, but for the random numbers of a step: `draws` gives them,
PyTorch's own (Free) or those that a trainer of the same seed takes (Replayed).

SPDX-License-Identifier: MIT
"""

import json
import tempfile
from pathlib import Path

# First: it finds gan, and says what is missing.
from oracle import torch_tensor

import gan
import numpy as np
import torch
import torch.nn.functional as F
from test_penalty import torch_penalty
from torch import nn

# One thread: with two, the same PyTorch training beside the library gave now and then other losses,
# from its second step on by some 1e-3.
torch.set_num_threads(1)

# ---- layers --------------------------------------------------------------------------------------


class SameConv2d(nn.Conv2d):
    """5 x 5 of stride 2 with TensorFlow's SAME padding: an odd pad is the one behind."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 5, stride=2)

    def forward(self, x):
        side = x.shape[-1]
        pads = 2 * ((side + 1) // 2 - 1) + 5 - side
        return super().forward(F.pad(x, (pads // 2, pads - pads // 2) * 2))


class SameConvTranspose2d(nn.ConvTranspose2d):
    """Its transpose, cropped to `side` pixels."""

    def __init__(self, inputs, outputs, side):
        super().__init__(inputs, outputs, 5, stride=2)
        self.side = side

    def forward(self, x):
        return super().forward(x)[:, :, 1:1 + self.side, 1:1 + self.side]


def initialise(network, weights, gains=lambda gain: None):
    """Draws weights and gains; biases and shifts are 0."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            gains(layer.weight)
        elif hasattr(layer, "weight"):
            weights(layer.weight)
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)


# ---- random numbers ------------------------------------------------------------------------------

NORMAL = 1  # GAN_LATENT_NORMAL


class Free:
    """A training's batches and noise by PyTorch's generator. images: (N,H,W,1) of bytes."""

    def __init__(self, images, options):
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2)
        self.options = options
        self.order = torch.empty(0, dtype=torch.int64)

    def real(self):
        """The next batch; epochs follow each other without a gap."""
        batch = self.options["batch"]
        while len(self.order) < batch:
            self.order = torch.cat((self.order, torch.randperm(len(self.images))))
        taken, self.order = self.order.split((batch, len(self.order) - batch))
        return self.images[taken] / 127.5 - 1

    def latents(self, n=None):
        shape, o = (n or self.options["batch"], self.options["latent"]), self.options
        if o["latent_kind"] == NORMAL:
            return torch.randn(shape)
        return torch.empty(shape).uniform_(o["latent_lo"], o["latent_hi"])

    def epsilon(self):
        return torch.rand(self.options["batch"], 1, 1, 1)


class Replayed:
    """What `trainer`, new and never to be stepped, would draw in its steps: its latents, its
    loader's batches and its context's numbers, if they are asked for in the order of the steps."""

    def __init__(self, trainer, dtype):
        self.trainer, self.dtype = trainer, dtype
        self.options = trainer.options

    def _torch(self, tensor):
        return torch_tensor(gan.to_nchw(tensor.numpy()), self.dtype)

    def real(self):
        return self._torch(next(self.trainer.loader))

    def latents(self, n=None):
        return self._torch(self.trainer.latents(n or self.options["batch"]))

    def epsilon(self):
        # Between 1 and 0 lies e itself.
        context, shape = self.trainer.context, (self.options["batch"], 1, 1, 1)
        return self._torch(gan.interpolate(context.full(shape, 1.0), context.zeros(*shape)))


# ---- weights -------------------------------------------------------------------------------------


def read_safetensors(path):
    """Name to array."""
    data = Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    kinds = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    state = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[start + begin:start + end], kinds[entry["dtype"]])
        state[name] = values.reshape(entry["shape"])
    return state


def through_file(module):
    """The state of a module of the library as its file has it: in float32 also from the float64
    library, whose module reads it back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        module.save(path)
        module.load(path)
        return {name: torch.tensor(value) for name, value in read_safetensors(path).items()}


# ---- the systems ---------------------------------------------------------------------------------


class Twin:
    """options: the trainer's. A system has _generator(), _discriminator(), initialise(), and the
    two losses."""

    same_fakes = False  # the generator learns from the discriminator's fakes, not from fresh ones

    def __init__(self, options, dtype=torch.float32):
        self.options = options
        self.generator, self.discriminator = self._generator(), self._discriminator()
        for network in (self.generator, self.discriminator):
            self.initialise(network)
            network.to(dtype)
        betas = options["beta1"], options["beta2"]
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), options["lr_g"], betas)
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), options["lr_d"], betas)

    def begin_at(self, trainer):
        self.generator.load_state_dict(through_file(trainer.generator))
        self.discriminator.load_state_dict(through_file(trainer.discriminator))

    def step(self, draws):
        """One step as the papers count. Its losses, each before its update."""
        for _ in range(self.options["n_critic"]):
            real, z = draws.real(), draws.latents()
            with torch.set_grad_enabled(self.same_fakes):
                fake = self.generator(z)
            d_loss = self.discriminator_loss(real, fake.detach(), draws)
            self._descend(self.d_optimizer, d_loss)
        if not self.same_fakes:
            fake = self.generator(draws.latents())
        g_loss = self.generator_loss(fake)
        self._descend(self.g_optimizer, g_loss)
        self.finish(g_loss.item())
        return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}

    @staticmethod
    def _descend(optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def finish(self, g_loss):
        """What follows the updates of a step."""

    @torch.no_grad()
    def sample(self, z):
        self.generator.eval()
        images = self.generator(z)
        self.generator.train()
        return images


class NonSaturating(Twin):
    """Radford et al. 2016, dcgan.torch."""

    same_fakes = True

    def _generator(self):
        w, latent = self.options["width"], self.options["latent"]
        return nn.Sequential(
            nn.Unflatten(1, (latent, 1, 1)),
            nn.ConvTranspose2d(latent, 2 * w, 7, bias=False), nn.BatchNorm2d(2 * w), nn.ReLU(),
            nn.ConvTranspose2d(2 * w, w, 4, 2, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(),
            nn.ConvTranspose2d(w, 1, 4, 2, 1, bias=False), nn.Tanh())

    def _discriminator(self):
        w = self.options["width"]
        return nn.Sequential(
            nn.Conv2d(1, w, 4, 2, 1, bias=False), nn.LeakyReLU(0.2),
            nn.Conv2d(w, 2 * w, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * w), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * w, 1, 7, bias=False), nn.Flatten())

    def initialise(self, network):
        initialise(network, lambda w: nn.init.normal_(w, 0, 0.02),
                   lambda g: nn.init.normal_(g, 1, 0.02))

    @staticmethod
    def _entropy(scores, target):
        return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, target))

    def discriminator_loss(self, real, fake, draws):
        return (self._entropy(self.discriminator(real), 1) +
                self._entropy(self.discriminator(fake), 0))

    def generator_loss(self, fake):
        return self._entropy(self.discriminator(fake), 1)


class WassersteinPenalty(Twin):
    """Gulrajani et al. 2017, Algorithm 1; networks of gan_mnist.py."""

    def _generator(self):
        w = self.options["width"]
        return nn.Sequential(
            nn.Linear(self.options["latent"], 64 * w), nn.ReLU(), nn.Unflatten(1, (4 * w, 4, 4)),
            SameConvTranspose2d(4 * w, 2 * w, 7), nn.ReLU(),
            SameConvTranspose2d(2 * w, w, 14), nn.ReLU(),
            SameConvTranspose2d(w, 1, 28), nn.Tanh())

    def _discriminator(self):
        w = self.options["width"]
        return nn.Sequential(
            SameConv2d(1, w), nn.LeakyReLU(0.2), SameConv2d(w, 2 * w), nn.LeakyReLU(0.2),
            SameConv2d(2 * w, 4 * w), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(64 * w, 1))

    def initialise(self, network):
        # dense layers by Xavier's variance, convolutions by twice as much
        initialise(network, lambda w: nn.init.xavier_uniform_(w, 1 if w.dim() == 2 else 2**0.5))

    def discriminator_loss(self, real, fake, draws):
        scores = self.discriminator(real), self.discriminator(fake)
        epsilon = draws.epsilon()
        between = (epsilon * real + (1 - epsilon) * fake).requires_grad_()
        penalty = torch_penalty(self.discriminator(between), between, self.options["lambda"])
        return scores[1].mean() - scores[0].mean() + penalty

    def generator_loss(self, fake):
        return -self.discriminator(fake).mean()


class Equilibrium(Twin):
    """Berthelot et al. 2017, without halved rates: the trainer looks at M for the first time after
    halve_every = 10,000 steps."""

    k = 0.0

    def _decoder(self):
        w = self.options["width"]

        def block():
            return (nn.Conv2d(w, w, 3, padding=1), nn.ELU(), nn.Conv2d(w, w, 3, padding=1),
                    nn.ELU())

        return (nn.Linear(self.options["latent"], 64 * w), nn.Unflatten(1, (w, 8, 8)), *block(),
                nn.Upsample(scale_factor=2), *block(), nn.Upsample(scale_factor=2), *block(),
                nn.Conv2d(w, 1, 3, padding=1))

    def _encoder(self):
        w = self.options["width"]

        def block(inputs, outputs):
            return (nn.Conv2d(inputs, outputs, 3, padding=1), nn.ELU(),
                    nn.Conv2d(outputs, outputs, 3, padding=1), nn.ELU())

        def halve(channels):
            return nn.Conv2d(channels, channels, 3, 2, padding=1), nn.ELU()

        return (nn.Conv2d(1, w, 3, padding=1), nn.ELU(), *block(w, w), *halve(w),
                *block(w, 2 * w), *halve(2 * w), *block(2 * w, 3 * w), nn.Flatten(),
                nn.Linear(192 * w, self.options["latent"]))

    def _generator(self):
        return nn.Sequential(*self._decoder())

    def _discriminator(self):
        return nn.Sequential(*self._encoder(), *self._decoder())

    def initialise(self, network):
        initialise(network, nn.init.xavier_uniform_)

    def _error(self, images):
        return (images - self.discriminator(images)).abs().mean()

    def discriminator_loss(self, real, fake, draws):
        real_loss = self._error(real)
        self.real_loss = real_loss.item()
        return real_loss - self.k * self._error(fake)

    def generator_loss(self, fake):
        return self._error(fake)

    def finish(self, g_loss):
        o = self.options
        balance = o["gamma"] * self.real_loss - g_loss
        self.k = min(1.0, max(0.0, self.k + o["lambda_k"] * balance))


TWINS = {"dcgan": NonSaturating, "wgan-gp": WassersteinPenalty, "began": Equilibrium}
# Pixels of a side, as the networks above have them.
SIDES = {"dcgan": 28, "wgan-gp": 28, "began": 32}

# ---- both ----------------------------------------------------------------------------------------


def padded(system, images):
    """Images (N,28,28,1) of bytes with a black edge, as large as the system's."""
    edge = (SIDES[system] - images.shape[1]) // 2
    return np.pad(images, ((0, 0), (edge, edge), (edge, edge), (0, 0)))


def preset(system, **options):
    """The options of a trainer, sizes filled in."""
    with gan.Context(threads=1) as context:
        return gan.Trainer(context, system, side=SIDES[system], channels=1, **options).options


def make_trainer(context, system, images, seed, **options):
    """images: (N,28,28,1) of bytes; seed: of their order."""
    dataset = gan.Dataset.from_array(context, padded(system, images))
    return gan.Trainer(context, system, dataset, loader={"seed": seed}, **options)


def paired(trainer, system, dtype):
    """A twin that begins at a new trainer's weights, and the batches and noise that are its."""
    twin = TWINS[system](trainer.options, dtype)
    twin.begin_at(trainer)
    return twin, Replayed(trainer, dtype)


def steps_of_libgan(library, system, images, steps, seed=1, threads=1, **options):
    """Yields the numbers of the trainer's steps."""
    with gan.Context(threads, seed, library=library) as context:
        trainer = make_trainer(context, system, images, seed, **options)
        through_file(trainer.generator)
        through_file(trainer.discriminator)
        for _ in range(steps):
            yield trainer.step()


def steps_of_pytorch(dtype, library, system, images, steps, seed=1, **options):
    """The same from the same weights, batches and noise, those of the library's elements, with
    PyTorch's arithmetic of a dtype."""
    with gan.Context(1, seed, library=library) as context:
        twin, draws = paired(make_trainer(context, system, images, seed, **options), system, dtype)
        for _ in range(steps):
            yield twin.step(draws)


def differences(ours, theirs):
    """Name of a loss to |ours - theirs| / |theirs|; what is not a number differs infinitely."""
    result = {}
    for name, value in theirs.items():
        difference = abs(ours[name] - value)
        relative = difference / abs(value) if difference else 0.0
        result[name] = relative if relative >= 0 else np.inf
    return result
