"""Schedules: learning rates and the like as functions of the step.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from typing import Any

from . import _library
from ._table import PlateauRecord


def ramp(first: float, last: float, step: int, begin: int, end: int) -> float:
    """`first` up to step `begin`, `last` from `end` on, a straight line between."""
    return float(_library.default_library().gan_ramp(first, last, step, begin, end))


def step_decay(first: float, factor: float, step: int, every: int = 1, floor: float = 0.0) -> float:
    """first · factor^⌊step / every⌋, not below `floor`."""
    return float(_library.default_library().gan_step_decay(first, factor, step, every, floor))


def average_decay(decay: float, step: int) -> float:
    """For Module.average: the decay of the step-th update (from 1), with Adam's bias correction."""
    return float(_library.default_library().gan_average_decay(decay, step))


class Plateau:
    """Lowers a rate when a measure stalls. Options patience, factor, floor, threshold."""

    def __init__(self, **options: Any) -> None:
        self.record = _library.default_library().options(PlateauRecord, **options)

    def next(self, lr: float, measure: float) -> float:
        """Takes the next measure in, and gives the rate to go on with."""
        library = _library.default_library()
        return float(library.gan_plateau_next(ctypes.byref(self.record), lr, measure))
