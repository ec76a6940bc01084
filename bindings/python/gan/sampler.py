"""The sampler: a trained generator, frozen for run time.

    with gan.Sampler("generator.safetensors") as sprites:
        images = sprites.sample(16, seed=1)              # (16,h,w,c) float32
        sheet = sprites.rgba(16, seed=1, colors=16)      # (4h,4w,4) uint8

Sprite i of seed s is the sprite of seed s + i. gan/sampler.h says what each option is.

SPDX-License-Identifier: MIT
"""

import ctypes
import math
import os
import weakref

import numpy as np

from . import _library
from ._table import SamplerHandle, SamplerInfo, SamplerOptions, SamplerRequest

# GAN_PIXELS_…
_FLAGS = {"bgra": 1, "premultiply": 2, "opaque": 4}


class Sampler:
    """A model file that was loaded. Options: threads, images, background, nice, cpus, classes,
    byte_limit."""

    def __init__(self, path, library=None, **options):
        self._library = library or _library.default_library()
        text = ctypes.create_string_buffer(512)
        struct = self._library.options(SamplerOptions, **options)
        struct.error, struct.error_bytes = ctypes.cast(text, ctypes.c_char_p), len(text)
        out = SamplerHandle()
        code = self._library.gan_sampler_load(os.fsencode(path), struct, ctypes.byref(out))
        if code:
            raise self._library.error(code, text.value.decode(errors="replace"))
        self._as_parameter_ = out
        self._close = weakref.finalize(self, self._library.gan_sampler_free, out)

    def close(self):
        """Cancels what runs and frees everything; no other method may follow."""
        self._close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _check(self, code):
        if code < 0:
            text = self._library.gan_sampler_error(self).decode(errors="replace")
            raise self._library.error(code, text)
        return code

    def info(self):
        """The numbers of gan_sampler_info."""
        info = SamplerInfo(struct_size=ctypes.sizeof(SamplerInfo))
        self._check(self._library.gan_sampler_describe(self, info))
        names = [name for name, *_ in SamplerInfo._fields_]
        return {name: getattr(info, name) for name in names if name not in ("struct_size",
                                                                            "reserved")}

    @property
    def shape(self):
        """(h, w, c) of an image."""
        info = self.info()
        return info["height"], info["width"], info["channels"]

    def latent(self, seed, truncation=0):
        """The latent that a seed draws."""
        z = np.empty(self.info()["latent"], np.float32)
        self._check(self._library.gan_sampler_latent(self, seed, truncation, _floats(z)))
        return z

    def sample(self, n=1, seed=0, **options):
        """Images (n,h,w,c). Options: labels, input (latents, or images of pix2pix; their number is
        n), truncation."""
        return self._job(True, n, seed, options).run()

    def rgba(self, n=1, seed=0, **options):
        """A picture (H,W,4) of n images in a grid. Options: those of sample, and columns, scale,
        alpha_threshold, colors, bgra, premultiply, opaque."""
        return self._job(False, n, seed, options).run()

    def begin(self, n=1, seed=0, floats=False, **options):
        """A Job of the same that is worked on by its step method."""
        job = self._job(floats, n, seed, options)
        self._check(self._library.gan_sampler_begin(self, job.request))
        return job

    def start(self, n=1, seed=0, floats=False, **options):
        """A Job of the same that the sampler's own thread works on (option background=1)."""
        job = self._job(floats, n, seed, options)
        self._check(self._library.gan_sampler_start(self, job.request))
        return job

    def _job(self, floats, n, seed, options):
        flags = sum(bit for name, bit in _FLAGS.items() if options.pop(name, False))
        labels, given = options.pop("labels", None), options.pop("input", None)
        info, held = self.info(), []
        request = self._library.options(SamplerRequest, seed=seed, flags=flags, **options)
        if given is not None:
            given = np.ascontiguousarray(given, np.float32)
            row = (info["latent"] or
                   info["input_height"] * info["input_width"] * info["input_channels"])
            if not given.size or given.size % row:
                raise ValueError(f"input has {given.size} numbers, {row} make an image")
            n, request.input = given.size // row, _floats(given)
            held.append(given)
        if labels is not None:
            request.labels, count = _library.labels(labels)
            if count != n:
                raise ValueError(f"{count} labels for {n} images")
        request.n = n
        return Job(self, request, _place(request, info, floats), held)


def _place(request, info, floats):
    """The array that the request fills."""
    if floats:
        images = np.empty((request.n, info["height"], info["width"], info["channels"]), np.float32)
        request.floats = _floats(images)
        return images
    request.columns = request.columns or max(1, math.isqrt(max(request.n, 1)))
    rows, columns = -(-request.n // request.columns), min(request.n, request.columns)
    height, width = rows * info["height"] * request.scale, columns * info["width"] * request.scale
    picture = np.zeros((max(height, 1), max(width, 1), 4), np.uint8)
    request.rgba = picture.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
    request.height, request.width, request.pitch = height, width, 4 * width
    return picture


class Job:
    """A request and the array that it fills; keeps both alive."""

    def __init__(self, sampler, request, result, held):
        self.sampler, self.request, self.result, self._held = sampler, request, result, held

    def run(self):
        """All of it at once; the result."""
        self.sampler._check(self.sampler._library.gan_sampler_run(self.sampler, self.request))
        return self.result

    def step(self, budget_us):
        """Works for about that long; whether it is done. After Sampler.begin."""
        return self._call("gan_sampler_step", int(budget_us)) == 1

    def poll(self):
        """Whether it is done. After Sampler.start."""
        return self._call("gan_sampler_poll") == 1

    def wait(self):
        """The result, when it is done. After Sampler.start."""
        self._call("gan_sampler_wait")
        return self.result

    def cancel(self):
        self.sampler._library.gan_sampler_cancel(self.sampler)

    @property
    def progress(self):
        return self.sampler._library.gan_sampler_progress(self.sampler)

    def _call(self, name, *arguments):
        return self.sampler._check(getattr(self.sampler._library, name)(self.sampler, *arguments))


def slerp(a, b, t, library=None):
    """The latent at t, 0 to 1, on the great arc from a to b."""
    library = library or _library.default_library()
    a, b = (np.ascontiguousarray(z, np.float32) for z in (a, b))
    if a.shape != b.shape:
        raise ValueError(f"latents of {a.shape} and {b.shape}")
    out = np.empty_like(a)
    code = library.gan_latent_slerp(_floats(a), _floats(b), a.size, t, _floats(out))
    if code:
        raise library.error(code, "gan_latent_slerp: t must be 0 to 1, latents not empty")
    return out


def _floats(array):
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
