"""The published systems, and a trainer that runs each of them.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Callable, Mapping

import numpy.typing as npt

from . import _library
from ._handle import Handle
from ._library import FilePath, Library
from ._table import LoaderOptions, TrainerHandle, TrainerOptions, TrainerStats
from .data import Dataset, Loader, _choice
from .nn import Module
from .steps import Steps

if TYPE_CHECKING:
    from .context import Context
    from .tensor import Tensor

_VARIANTS = {"default": 0, "paper": 1, "code": 2, "lucic": 3}  # GAN_VARIANT_…

# Options that are chosen by name; the numbers are those of train.h.
_CHOICES = {
    "network": {"maxout": 1, "dcgan": 2, "same5": 3, "dense": 4, "joint": 5, "unet": 6,
                "autoencoder": 7, "info": 8, "info_autoencoder": 9,
                "labelled": 10},
    "loss": {"minimax": 1, "non_saturating": 2, "lsgan": 3, "hinge": 4, "wasserstein": 5,
             "began": 6},
    "penalty": {"none": 0, "interpolated": 1, "dragan": 2, "r1": 3},
    "optimizer": {"adam": 1, "rmsprop": 2, "sgd": 3},
    "norm": {"none": 0, "batch": 1, "instance": 2, "layer": 3},
    "latent_kind": {"normal": 1, "uniform": 2},
    "update": {"fresh": 1, "same_fakes": 2, "simultaneous": 3},
    "clip": {"none": 0, "after": 1, "before": 2},
    "condition": {"none": 0, "maps": 1, "projection": 2},
    "dragan": {"uniform": 1, "gaussian": 2},
    "augment": {"none": 0, "color": 1, "translation": 2, "cutout": 4, "all": 7},
}


def _preset(library: Library, system: str, variant: str,
            options: Mapping[str, Any]) -> TrainerOptions:
    """gan_trainer_opts of a system, with these values over it."""
    number = library.gan_system_find(system.encode())
    if not number:
        raise ValueError(f"no system {system!r}; one of {', '.join(systems(library))}")
    struct = TrainerOptions()
    library.gan_trainer_opts_init(ctypes.byref(struct), ctypes.sizeof(struct), number,
                                  _choice("variant", variant, _VARIANTS))
    fields = {field[0] for field in TrainerOptions._fields_}
    fields -= {"struct_size", "system", "reserved"}
    for name, value in options.items():
        field = name.rstrip("_")  # lambda_
        if field not in fields:
            raise TypeError(f"Trainer has no option {name!r}")
        if isinstance(value, str):
            value = _choice(name, value, _CHOICES.get(field, {}))
        setattr(struct, field, value)
    return struct


def systems(library: Library | None = None) -> list[str]:
    """The names of all systems."""
    library = library or _library.default_library()
    names, number = [], 1
    while (name := library.gan_system_name(number)) is not None:
        names.append(name.decode())
        number += 1
    return names


def system_side(system: str, side: int, library: Library | None = None) -> int:
    """The side that pictures of `side` pixels are to be padded to for the system."""
    library = library or _library.default_library()
    return int(library.gan_system_side(library.gan_system_find(system.encode()), side))


def network_side(network: str, side: int, library: Library | None = None) -> int:
    """The same for networks of this name, which a variant of a system may have."""
    library = library or _library.default_library()
    return int(library.gan_network_side(_choice("network", network, _CHOICES["network"]), side))


class Trainer(Handle):
    """Trains a system on a data set.

    `options` are fields of gan_trainer_opts over the preset of (system, variant); choices are given
    by name: loss="hinge", penalty="r1". loader: a seed, flip and other options of the loader.
    Without a data set it cannot step, but sample from a checkpoint, and needs side and channels.
    """

    def __init__(self, context: Context, system: str, dataset: Dataset | None = None,
                 variant: str = 'default', loader: Mapping[str, Any] | None = None,
                 **options: Any) -> None:
        library = context.library
        struct = _preset(library, system, variant, options)
        self.loader = self._make_loader(dataset, struct, loader or {}) if dataset else None
        out = TrainerHandle()
        context.check(library.gan_trainer_create(
            context.handle, ctypes.byref(struct), self.loader.handle if self.loader else None,
            ctypes.byref(out)))
        super().__init__(context, out, library.gan_trainer_unref)

    @staticmethod
    def _make_loader(dataset: Dataset, struct: TrainerOptions,
                     options: Mapping[str, Any]) -> Loader:
        library = dataset.context.library
        wanted = library.options(LoaderOptions)
        dataset.context.check(library.gan_trainer_loader_opts(ctypes.byref(struct),
                                                              ctypes.byref(wanted)))
        return Loader(dataset, **{"batch": wanted.batch, "lo": wanted.lo, "hi": wanted.hi,
                                  "remainder": "wrap", "premultiply": wanted.premultiply,
                                  **options})

    def _module(self, function: str) -> Any:
        handle = getattr(self.context.library, function)(self.handle)
        return Module._borrow(self, handle) if handle else None

    @property
    def generator(self) -> Module:
        return self._module("gan_trainer_generator")

    @property
    def discriminator(self) -> Module:
        return self._module("gan_trainer_discriminator")

    @property
    def averaged(self) -> Module | None:
        """The averaged generator, or None."""
        return self._module("gan_trainer_averaged")

    @property
    def options(self) -> dict[str, Any]:
        """The options in force, sizes filled in, as a dict."""
        struct = self.context.library.gan_trainer_options(self.handle)[0]
        return {name: getattr(struct, name) for name, _ in TrainerOptions._fields_[1:]
                if not name.startswith("reserved")}

    @property
    def steps(self) -> int:
        """Steps done so far."""
        return int(self.context.library.gan_trainer_steps(self.handle))

    def step(self) -> dict[str, Any]:
        """One step: n_critic discriminator updates and a generator update. Its numbers, a dict."""
        stats = TrainerStats(struct_size=ctypes.sizeof(TrainerStats))
        self._check("gan_trainer_step", ctypes.byref(stats))
        return {name: getattr(stats, name) for name, _ in TrainerStats._fields_[1:]}

    def train(self, steps: int, progress: bool = True,
              on_step: Callable[[dict[str, Any]], object] | None=None) -> dict[str, Any]:
        """So many steps more; the last one's numbers.

        progress: shown on stderr, see Steps. on_step is called with each step's numbers, to save or
        to draw samples. Ctrl-C ends the training as KeyboardInterrupt after the step that is under
        way and its on_step: the trainer can be saved, or go on.
        """
        stats: dict[str, Any] = {}
        for _ in (loop := Steps(steps, progress)):
            stats = self.step()
            loop.tell(**{name: stats[name] for name in ("d_loss", "g_loss")})
            if on_step is not None:
                on_step(stats)
        return stats

    def latents(self, n: int) -> Tensor:
        """n latents of the system's distribution."""
        return self.context.take(self.context.library.gan_trainer_latents(self.handle, n))

    def sample(self, z: Tensor, labels: npt.ArrayLike | None = None) -> Tensor:
        """Images of latents, or of given images with pix2pix."""
        return self._images("gan_trainer_sample", z, labels)

    def generate(self, z: Tensor, labels: npt.ArrayLike | None = None) -> Tensor:
        """The same from the generator in training mode, recorded."""
        return self._images("gan_trainer_generate", z, labels)

    def _images(self, function: str, z: Tensor, labels: npt.ArrayLike | None) -> Tensor:
        run = getattr(self.context.library, function)
        return self.context.take(run(self.handle, z, self._labels(labels, z.shape[0])))

    def score(self, images: Tensor, given: Tensor | None = None,
              labels: npt.ArrayLike | None = None) -> Tensor:
        """The discriminator's scores."""
        labels = self._labels(labels, images.shape[0])
        score = self.context.library.gan_trainer_score
        return self.context.take(score(self.handle, images, given, labels))

    @staticmethod
    def _labels(labels: npt.ArrayLike | None, n: int) -> Any:
        if labels is None:
            return None
        labels, count = _library.labels(labels)
        if count != n:
            raise ValueError(f"{count} labels for {n} images")
        return labels

    def save_model(self, path: FilePath) -> None:
        """The generator, with its own description."""
        self._check("gan_trainer_save_model", os.fsencode(path))

    def save_onnx(self, path: FilePath) -> None:
        """The generator as an ONNX model."""
        self._check("gan_trainer_save_onnx", os.fsencode(path))

    def save(self, path: FilePath) -> None:
        """A checkpoint."""
        self._check("gan_trainer_save", os.fsencode(path))

    def load(self, path: FilePath) -> None:
        """Goes on from a checkpoint."""
        self._check("gan_trainer_load", os.fsencode(path))


# ---- pieces ---------------------------------------------------------------------------------------


def real_loss(loss: str, real_scores: Tensor, target: float = 1.0) -> Tensor:
    """What a discriminator minimises on real scores; loss is a name."""
    context = real_scores.context
    loss = _choice("loss", loss, _CHOICES["loss"])
    return context.take(context.library.gan_real_loss(loss, real_scores, target))


def fake_loss(loss: str, fake_scores: Tensor) -> Tensor:
    """What a discriminator minimises on fake scores."""
    context = fake_scores.context
    loss = _choice("loss", loss, _CHOICES["loss"])
    return context.take(context.library.gan_fake_loss(loss, fake_scores))


def generator_loss(loss: str, fake_scores: Tensor) -> Tensor:
    """What a generator minimises."""
    context = fake_scores.context
    loss = _choice("loss", loss, _CHOICES["loss"])
    return context.take(context.library.gan_generator_loss(loss, fake_scores))


def discriminator_loss(loss: str, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """real_loss + fake_loss"""
    context = real_scores.context
    loss = _choice("loss", loss, _CHOICES["loss"])
    return context.take(context.library.gan_discriminator_loss(loss, real_scores, fake_scores))


def dragan_points(real: Tensor, mode: str = 'uniform', scale: float = 0.5) -> Tensor:
    """Real samples with noise, tracked."""
    context = real.context
    mode = _choice("mode", mode, _CHOICES["dragan"])
    return context.take(context.library.gan_dragan_points(real, mode, scale))


def reconstruction_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Each sample's mean |x - reconstruction|."""
    context = x.context
    return context.take(context.library.gan_reconstruction_error(x, reconstruction))


def began_balance(k: float, real_loss: float, fake_loss: float, gamma: float = 0.5,
                  lambda_k: float = 0.001, library: Library | None = None) -> tuple[float, float]:
    """(the next k, M) of BEGAN."""
    library = library or _library.default_library()
    measure = ctypes.c_double()
    k = library.gan_began_balance(k, real_loss, fake_loss, gamma, lambda_k, ctypes.byref(measure))
    return k, measure.value
