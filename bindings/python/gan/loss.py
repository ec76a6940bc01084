"""Losses and the gradient penalty. Each gives a tensor of rank 0, interpolate a batch.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._table import PenaltyOptions

if TYPE_CHECKING:
    from .nn import Module
    from .tensor import Tensor


def bce_with_logits(logits: Tensor, target: float) -> Tensor:
    """Mean binary cross-entropy of logits against one target for all."""
    context = logits.context
    return context.take(context.library.gan_bce_with_logits(logits, target))


def wasserstein_critic(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """mean f(fake) - mean f(real)"""
    context = real_scores.context
    return context.take(context.library.gan_wasserstein_critic(real_scores, fake_scores))


def wasserstein_generator(fake_scores: Tensor) -> Tensor:
    """-mean f(fake)"""
    context = fake_scores.context
    return context.take(context.library.gan_wasserstein_generator(fake_scores))


def relativistic_discriminator(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """mean softplus(-(real - fake)), in pairs"""
    context = real_scores.context
    return context.take(context.library.gan_relativistic_discriminator(real_scores, fake_scores))


def relativistic_generator(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """mean softplus(-(fake - real)), in pairs"""
    context = real_scores.context
    return context.take(context.library.gan_relativistic_generator(real_scores, fake_scores))


def interpolate(real: Tensor, fake: Tensor) -> Tensor:
    """e · real + (1 - e) · fake, one random e a sample, tracked."""
    context = real.context
    return context.take(context.library.gan_interpolate(real, fake))


def penalty(scores: Tensor, points: Tensor, **options: Any) -> Tensor:
    """lambda · mean (‖d score / d points‖ - target)².

    Options lambda_ 10, target 1, one_sided, allow_mixing. `points` is tracked, `scores` the
    critic's result there.
    """
    context = scores.context
    options = context.library.options(PenaltyOptions, **options)
    return context.take(context.library.gan_penalty(scores, points, options))


def penalty_of(critic: Module, points: Tensor, **options: Any) -> Tensor:
    """penalty(critic(points), points), tracking the points."""
    context = critic.context
    options = context.library.options(PenaltyOptions, **options)
    return context.take(context.library.gan_penalty_of(critic.handle, points, options))


def zero_penalty(scores: Tensor, points: Tensor, gamma: float,
                 allow_mixing: bool = False) -> Tensor:
    """gamma / 2 · mean ‖d score / d points‖²: R1 at real points, R2 at generated ones."""
    context = scores.context
    return context.take(context.library.gan_zero_penalty(scores, points, gamma, allow_mixing))


def zero_penalty_of(critic: Module, points: Tensor, gamma: float,
                    allow_mixing: bool = False) -> Tensor:
    """zero_penalty(critic(points), points), tracking the points."""
    context = critic.context
    penalty = context.library.gan_zero_penalty_of
    return context.take(penalty(critic.handle, points, gamma, allow_mixing))
