"""Differentiable augmentation.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

from ._table import AugmentOptions

if TYPE_CHECKING:
    from .tensor import Tensor

# GAN_AUGMENT_…
_POLICIES = {"color": 1, "translation": 2, "cutout": 4}


def augment(x: Tensor, policy: Iterable[str] = tuple(_POLICIES), **options: Any) -> Tensor:
    """Images changed at random, each by itself; for what a discriminator sees.

    policy: names among "color", "translation", "cutout". Options brightness, saturation, contrast,
    translation, cutout, unit_range.
    """
    try:
        bits = sum(_POLICIES[name] for name in set(policy))
    except KeyError as reason:
        raise ValueError(f"no policy {reason}; one of {', '.join(_POLICIES)}") from None
    library = x.context.library
    options = library.options(AugmentOptions, policy=bits, **options)
    return x.context.take(library.gan_augment(x, options))
