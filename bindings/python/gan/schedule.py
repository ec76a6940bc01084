"""Schedules: learning rates and the like as functions of the step.

SPDX-License-Identifier: MIT
"""

import ctypes

from . import _library
from ._table import PlateauRecord


def ramp(first, last, step, begin, end):
    """`first` up to step `begin`, `last` from `end` on, a straight line between."""
    return _library.default_library().gan_ramp(first, last, step, begin, end)


def step_decay(first, factor, step, every=1, floor=0.0):
    """first · factor^⌊step / every⌋, not below `floor`."""
    return _library.default_library().gan_step_decay(first, factor, step, every, floor)


def average_decay(decay, step):
    """For Module.average: the decay of the step-th update (from 1), with Adam's bias correction."""
    return _library.default_library().gan_average_decay(decay, step)


class Plateau:
    """Lowers a rate when a measure stalls. Options patience, factor, floor, threshold."""

    def __init__(self, **options):
        self.record = _library.default_library().options(PlateauRecord, **options)

    def next(self, lr, measure):
        """Takes the next measure in, and gives the rate to go on with."""
        library = _library.default_library()
        return library.gan_plateau_next(ctypes.byref(self.record), lr, measure)
