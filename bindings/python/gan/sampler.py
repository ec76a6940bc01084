"""The sampler: a trained generator, frozen for run time.

    with gan.Sampler("generator.safetensors") as sprites:
        images = sprites.sample(16, seed=1)              # (16,h,w,c) float32
        sheet = sprites.rgba(16, seed=1, colors=16)      # (4h,4w,4) uint8

Sprite i of seed s is the sprite of seed s + i. gan/sampler.h says what each option is.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import math
import os
from typing import Any, Sequence

import numpy as np
import numpy.typing as npt

from . import _library
from ._handle import Owner
from ._library import FilePath, Library
from ._table import SamplerHandle, SamplerInfo, SamplerOptions, SamplerRequest

# GAN_PIXELS_…
_FLAGS = {"bgra": 1, "premultiply": 2, "opaque": 4}


class Sampler(Owner):
    """A model file that was loaded. Options: threads, images, background, nice, cpus, classes,
    byte_limit."""

    def __init__(self, path: FilePath, library: Library | None = None, **options: Any) -> None:
        self._load("gan_sampler_load", (os.fsencode(path),), library, options)

    @classmethod
    def from_bytes(cls, file: bytes, library: Library | None = None, **options: Any) -> Sampler:
        """From a file's content, of an archive say."""
        self = cls.__new__(cls)
        self._load("gan_sampler_load_memory", (file, len(file)), library, options)
        return self

    def _load(self, function: str, file: tuple[Any, ...], library: Library | None,
              options: dict[str, Any]) -> None:
        self._library = library or _library.default_library()
        text = ctypes.create_string_buffer(512)
        struct = self._library.options(SamplerOptions, **options)
        struct.error, struct.error_bytes = ctypes.cast(text, ctypes.c_char_p), len(text)
        out = SamplerHandle()
        code = getattr(self._library, function)(*file, struct, ctypes.byref(out))
        if code:
            raise self._library.error(code, text.value)
        Owner.__init__(self, out, self._library.gan_sampler_free)
        # A daemon thread may be in a call; the sampler's own writes into arrays, and has to be ended.
        self._finalizer.atexit = bool(struct.background)
        self._memory: Any = None  # of the last request that was begun or started

    def close(self) -> None:
        """Cancels what runs and frees everything. Using it afterwards raises StateError."""
        super().close()

    def _check(self, function: str, *arguments: Any) -> int:
        """Calls a function on the handle; its result, an error as an exception."""
        code = int(getattr(self._library, function)(self.handle, *arguments))
        if code < 0:
            raise self._library.error(code, self._library.gan_sampler_error(self.handle))
        return code

    def info(self) -> dict[str, Any]:
        """The numbers of gan_sampler_info."""
        info = SamplerInfo(struct_size=ctypes.sizeof(SamplerInfo))
        self._check("gan_sampler_describe", info)
        names = [name for name, *_ in SamplerInfo._fields_]
        return {name: getattr(info, name) for name in names if name not in ("struct_size",
                                                                            "reserved")}

    @property
    def shape(self) -> tuple[int, int, int]:
        """(h, w, c) of an image."""
        info = self.info()
        return info["height"], info["width"], info["channels"]

    def latent(self, seed: int, truncation: float = 0) -> npt.NDArray[np.float32]:
        """The latent that a seed draws."""
        z: npt.NDArray[np.float32] = np.empty(self.info()["latent"], np.float32)
        self._check("gan_sampler_latent", seed, truncation, _floats(z))
        return z

    def sample(self, n: int = 1, seed: int = 0, **options: Any) -> npt.NDArray[np.float32]:
        """Images (n,h,w,c). Options: labels, input (latents, or images of pix2pix; their number is
        n), truncation."""
        return self._job(True, n, seed, options).run()

    def rgba(self, n: int = 1, seed: int = 0, **options: Any) -> npt.NDArray[np.uint8]:
        """A picture (H,W,4) of n images in a grid. Options: those of sample, and columns, scale,
        alpha_threshold, colors, bgra, premultiply, opaque."""
        return self._job(False, n, seed, options).run()

    def begin(self, n: int = 1, seed: int = 0, floats: bool = False, **options: Any) -> Job:
        """A Job of the same that is worked on by its step method. Until it is done or cancelled no
        other can be begun, also when it is dropped."""
        return self._take("gan_sampler_begin", self._job(floats, n, seed, options))

    def start(self, n: int = 1, seed: int = 0, floats: bool = False, **options: Any) -> Job:
        """A Job of the same that the sampler's own thread works on (option background=1), also when
        it is dropped."""
        return self._take("gan_sampler_start", self._job(floats, n, seed, options))

    def cancel(self) -> None:
        """Gives up the job that is on its way, if there is one."""
        self._library.gan_sampler_cancel(self.handle)
        self._memory = None

    def _take(self, function: str, job: Job) -> Job:
        # A request that is refused must not take the place of the one that is on its way. Not the
        # job is kept, which keeps the sampler.
        self._check(function, job.request)
        self._memory = job.memory
        return job

    def _job(self, floats: bool, n: int, seed: int, options: dict[str, Any]) -> Job:
        flags = sum(bit for name, bit in _FLAGS.items() if options.pop(name, False))
        labels, given = options.pop("labels", None), options.pop("input", None)
        info = self.info()
        held: list[Any] = []
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
            pointer, count = _library.labels(labels)
            if count != n:
                raise ValueError(f"{count} labels for {n} images")
            request.labels = pointer
            held.append(pointer)  # and with it the array: the request's field does not keep it
        request.n = n
        return Job(self, request, _place(request, info, floats), held)


def _place(request: Any, info: dict[str, Any], floats: bool) -> npt.NDArray[Any]:
    """The array that the request fills."""
    if floats:
        shape = request.n, info["height"], info["width"], info["channels"]
        images: npt.NDArray[np.float32] = np.empty(shape, np.float32)
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
    """A request and the array that it fills. What the request points to lives as long as the job,
    and in the sampler until the next one is taken on or cancelled."""

    def __init__(self, sampler: Sampler, request: Any, result: npt.NDArray[Any],
                 held: Sequence[Any]) -> None:
        self.sampler, self.request, self.result = sampler, request, result
        self.memory = result, held

    def run(self) -> npt.NDArray[Any]:
        """All of it at once; the result."""
        self.sampler._check("gan_sampler_run", self.request)
        return self.result

    def step(self, budget_us: float) -> bool:
        """Works for about that long; whether it is done. After Sampler.begin."""
        return self.sampler._check("gan_sampler_step", int(budget_us)) == 1

    def poll(self) -> bool:
        """Whether it is done. After Sampler.start."""
        return self.sampler._check("gan_sampler_poll") == 1

    def wait(self) -> npt.NDArray[Any]:
        """The result, when it is done. After Sampler.start."""
        self.sampler._check("gan_sampler_wait")
        return self.result

    def cancel(self) -> None:
        """Sampler.cancel."""
        self.sampler.cancel()

    @property
    def progress(self) -> float:
        return float(self.sampler._library.gan_sampler_progress(self.sampler.handle))


def slerp(a: npt.ArrayLike, b: npt.ArrayLike, t: float,
          library: Library | None = None) -> npt.NDArray[np.float32]:
    """The latent at t, 0 to 1, on the great arc from a to b."""
    library = library or _library.default_library()
    x, y = np.ascontiguousarray(a, np.float32), np.ascontiguousarray(b, np.float32)
    if x.shape != y.shape:
        raise ValueError(f"latents of {x.shape} and {y.shape}")
    out = np.empty_like(x)
    code = library.gan_latent_slerp(_floats(x), _floats(y), x.size, t, _floats(out))
    if code:
        raise library.error(code, b"gan_latent_slerp: t must be 0 to 1, latents not empty")
    return out


def _floats(array: npt.NDArray[np.float32]) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
