"""The published systems, and a trainer that runs each of them.

SPDX-License-Identifier: MIT
"""

import ctypes
import os
import weakref

from . import _library
from ._table import LoaderOptions, TrainerHandle, TrainerOptions, TrainerStats
from .data import Loader, _choice
from .nn import Module

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
}


def _preset(library, system, variant, options):
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


def systems(library=None):
    """The names of all systems."""
    library = library or _library.default_library()
    names, number = [], 1
    while (name := library.gan_system_name(number)) is not None:
        names.append(name.decode())
        number += 1
    return names


def system_side(system, side, library=None):
    """The side that pictures of `side` pixels are to be padded to for the system."""
    library = library or _library.default_library()
    return library.gan_system_side(library.gan_system_find(system.encode()), side)


def network_side(network, side, library=None):
    """The same for networks of this name, which a variant of a system may have."""
    library = library or _library.default_library()
    return library.gan_network_side(_choice("network", network, _CHOICES["network"]), side)


class Trainer:
    """Trains a system on a data set.

    `options` are fields of gan_trainer_opts over the preset of (system, variant); choices are given
    by name: loss="hinge", penalty="r1". loader: a seed, flip and other options of the loader.
    Without a data set it cannot step, but sample from a checkpoint, and needs side and channels.
    """

    def __init__(self, context, system, dataset=None, variant="default", loader=None, **options):
        library = context.library
        struct = _preset(library, system, variant, options)
        self.context = context
        self.loader = self._make_loader(dataset, struct, loader or {}) if dataset else None
        out = TrainerHandle()
        context.check(library.gan_trainer_create(
            context.handle, ctypes.byref(struct), self.loader.handle if self.loader else None,
            ctypes.byref(out)))
        self._as_parameter_ = out
        weakref.finalize(self, library.gan_trainer_unref, out)

    @staticmethod
    def _make_loader(dataset, struct, options):
        library = dataset.context.library
        wanted = library.options(LoaderOptions)
        dataset.context.check(library.gan_trainer_loader_opts(ctypes.byref(struct),
                                                              ctypes.byref(wanted)))
        return Loader(dataset, **{"batch": wanted.batch, "lo": wanted.lo, "hi": wanted.hi,
                                  "remainder": "wrap", **options})

    def _call(self, function, *arguments):
        self.context.check(getattr(self.context.library, function)(self, *arguments))

    def _module(self, function):
        handle = getattr(self.context.library, function)(self)
        if not handle:
            return None
        module = Module.__new__(Module)
        module._adopt(self.context, handle, self)
        return module

    @property
    def generator(self):
        return self._module("gan_trainer_generator")

    @property
    def discriminator(self):
        return self._module("gan_trainer_discriminator")

    @property
    def averaged(self):
        """The averaged generator, or None."""
        return self._module("gan_trainer_averaged")

    @property
    def options(self):
        """The options in force, sizes filled in, as a dict."""
        struct = self.context.library.gan_trainer_options(self)[0]
        return {name: getattr(struct, name) for name, _ in TrainerOptions._fields_[1:]
                if not name.startswith("reserved")}

    @property
    def steps(self):
        """Steps done so far."""
        return self.context.library.gan_trainer_steps(self)

    def step(self):
        """One step: n_critic discriminator updates and a generator update. Its numbers, a dict."""
        stats = TrainerStats(struct_size=ctypes.sizeof(TrainerStats))
        self._call("gan_trainer_step", ctypes.byref(stats))
        return {name: getattr(stats, name) for name, _ in TrainerStats._fields_[1:]}

    def latents(self, n):
        """n latents of the system's distribution."""
        return self.context.take(self.context.library.gan_trainer_latents(self, n))

    def sample(self, z, labels=None):
        """Images of latents, or of given images with pix2pix."""
        return self._images("gan_trainer_sample", z, labels)

    def generate(self, z, labels=None):
        """The same from the generator in training mode, recorded."""
        return self._images("gan_trainer_generate", z, labels)

    def _images(self, function, z, labels):
        run = getattr(self.context.library, function)
        return self.context.take(run(self, z, self._labels(labels, z.shape[0])))

    def score(self, images, given=None, labels=None):
        """The discriminator's scores."""
        labels = self._labels(labels, images.shape[0])
        return self.context.take(self.context.library.gan_trainer_score(self, images, given,
                                                                        labels))

    @staticmethod
    def _labels(labels, n):
        if labels is None:
            return None
        labels, count = _library.labels(labels)
        if count != n:
            raise ValueError(f"{count} labels for {n} images")
        return labels

    def save_model(self, path):
        """The generator, with its own description."""
        self._call("gan_trainer_save_model", os.fsencode(path))

    def save_onnx(self, path):
        """The generator as an ONNX model."""
        self._call("gan_trainer_save_onnx", os.fsencode(path))

    def save(self, path):
        """A checkpoint."""
        self._call("gan_trainer_save", os.fsencode(path))

    def load(self, path):
        """Goes on from a checkpoint."""
        self._call("gan_trainer_load", os.fsencode(path))


# ---- pieces ---------------------------------------------------------------------------------------


def real_loss(loss, real_scores, target=1.0):
    """What a discriminator minimises on real scores; loss is a name."""
    context = real_scores.context
    loss = _choice("loss", loss, _CHOICES["loss"])
    return context.take(context.library.gan_real_loss(loss, real_scores, target))


def fake_loss(loss, fake_scores):
    """What a discriminator minimises on fake scores."""
    context = fake_scores.context
    loss = _choice("loss", loss, _CHOICES["loss"])
    return context.take(context.library.gan_fake_loss(loss, fake_scores))


def generator_loss(loss, fake_scores):
    """What a generator minimises."""
    context = fake_scores.context
    loss = _choice("loss", loss, _CHOICES["loss"])
    return context.take(context.library.gan_generator_loss(loss, fake_scores))


def discriminator_loss(loss, real_scores, fake_scores):
    """real_loss + fake_loss"""
    context = real_scores.context
    loss = _choice("loss", loss, _CHOICES["loss"])
    return context.take(context.library.gan_discriminator_loss(loss, real_scores, fake_scores))


def dragan_points(real, mode="uniform", scale=0.5):
    """Real samples with noise, tracked."""
    context = real.context
    mode = _choice("mode", mode, _CHOICES["dragan"])
    return context.take(context.library.gan_dragan_points(real, mode, scale))


def reconstruction_error(x, reconstruction):
    """Each sample's mean |x - reconstruction|."""
    context = x.context
    return context.take(context.library.gan_reconstruction_error(x, reconstruction))


def began_balance(k, real_loss, fake_loss, gamma=0.5, lambda_k=0.001, library=None):
    """(the next k, M) of BEGAN."""
    library = library or _library.default_library()
    measure = ctypes.c_double()
    k = library.gan_began_balance(k, real_loss, fake_loss, gamma, lambda_k, ctypes.byref(measure))
    return k, measure.value
