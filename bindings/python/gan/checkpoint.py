"""Checkpoints of a training loop of one's own.

    all = gan.Checkpoint(context, G=G, D=D, adam_G=adam_G, adam_D=adam_D, data=loader)
    if path.exists():
        all.load(path)
        step = int(all["step"])
    ...
    all["step"] = step
    all.save(path)

gan/checkpoint.h says what a file holds. A Trainer has its own: Trainer.save.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

from ._handle import Handle
from ._library import FilePath, text
from ._table import CheckpointHandle
from .data import Loader
from .errors import InvalidArgument
from .nn import Module
from .optim import Optimizer

if TYPE_CHECKING:
    from .context import Context

_ADD = {Module: "gan_checkpoint_add_module", Optimizer: "gan_checkpoint_add_optimizer",
        Loader: "gan_checkpoint_add_loader"}


class Checkpoint(Handle):
    """Modules, optimizers and loaders by name, and numbers: checkpoint["step"] = 3."""

    def __init__(self, context: Context, **parts: Module | Optimizer | Loader) -> None:
        out = CheckpointHandle()
        library = context.library
        context.check(library.gan_checkpoint_create(context.handle, ctypes.byref(out)))
        super().__init__(context, out, library.gan_checkpoint_unref)
        for name, part in parts.items():
            self.add(name, part)

    def add(self, name: str, part: Module | Optimizer | Loader) -> None:
        """Adds a part, which must be there and fit when a file is loaded."""
        for kind, function in _ADD.items():
            if isinstance(part, kind):
                self._check(function, text(name), part.handle)
                return
        raise TypeError(f"{name} is a {type(part).__name__}, no module, optimizer or loader")

    def __setitem__(self, name: str, value: float) -> None:
        self._check("gan_checkpoint_set", text(name), value)

    def __getitem__(self, name: str) -> float:
        """The number that was set or loaded; KeyError without."""
        value = ctypes.c_double()
        try:
            self._check("gan_checkpoint_get", text(name), ctypes.byref(value))
        except InvalidArgument:
            raise KeyError(name) from None
        return value.value

    def save(self, path: FilePath) -> None:
        """Writes all of it, or nothing."""
        self._check("gan_checkpoint_save", os.fsencode(path))

    def load(self, path: FilePath) -> None:
        """Puts all of it back, or nothing: the loop goes on with the same bits."""
        self._check("gan_checkpoint_load", os.fsencode(path))
