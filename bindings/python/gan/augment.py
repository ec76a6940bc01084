"""Differentiable augmentation.

SPDX-License-Identifier: MIT
"""

from ._table import AugmentOptions

# GAN_AUGMENT_…
_POLICIES = {"color": 1, "translation": 2, "cutout": 4}


def augment(x, policy=tuple(_POLICIES), **options):
    """Images changed at random, each by itself; for what a discriminator sees.

    policy: names among "color", "translation", "cutout". Options brightness, saturation, contrast,
    translation, cutout.
    """
    try:
        bits = sum(_POLICIES[name] for name in set(policy))
    except KeyError as reason:
        raise ValueError(f"no policy {reason}; one of {', '.join(_POLICIES)}") from None
    library = x.context.library
    options = library.options(AugmentOptions, policy=bits, **options)
    return x.context.take(library.gan_augment(x, options))
