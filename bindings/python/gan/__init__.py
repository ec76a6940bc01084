"""libgan for Python: a pure ctypes binding, arrays in and out by NumPy.

    import gan

    with gan.Context(seed=1) as context:
        critic = gan.Sequential(context)
        critic.add_dense(784, 64)
        critic.add_leaky_relu(0.2)
        critic.add_dense(64, 1)
        adam = gan.Adam(critic, lr=1e-4, beta1=0, beta2=0.9)
        real, fake = context.rand(8, 784), context.rand(8, 784)
        loss = gan.wasserstein_critic(critic(real), critic(fake))
        adam.minimize(loss + gan.penalty_of(critic, gan.interpolate(real, fake)))

Tensors, and the graph behind them, live as long as Python refers to them; `with context.scope():`
around a training step cuts all graphs made in it at its end.

The library is the one named in GAN_LIBRARY, or beside this package, or built in the repository, or
installed; load(path) gives another, for Context(library=…).

SPDX-License-Identifier: MIT
"""

from ._library import Library, default_library, load
from .augment import augment
from .autograd import grad, vjp
from .checkpoint import Checkpoint
from .context import Context
from .data import Dataset, Loader
from .errors import (AbiError, Error, FileError, FormatError, InvalidArgument, MixedSamples,
                     NonFinite, NotDifferentiable, NotSupported, OutOfMemory, StateError, Unreached)
from .files import Idx, png_read, png_write_grid
from .layout import from_nchw, load_torch_state, to_nchw, torch_state
from .loss import (bce_with_logits, interpolate, penalty, penalty_of, relativistic_discriminator,
                   relativistic_generator, wasserstein_critic, wasserstein_generator, zero_penalty,
                   zero_penalty_of)
from .metrics import (feature_statistics, frechet_distance, histogram_statistics, kernel_distance,
                      mode_statistics, nearest_neighbour_error, nearest_neighbours,
                      parzen_log_likelihood, precision_recall)
from .nn import Module, Sequential, init
from .optim import Adam, Optimizer, RMSProp, SGD
from .sampler import Sampler, slerp
from .schedule import Plateau, average_decay, ramp, step_decay
from .steps import Steps
from .tensor import Tensor
from . import ops
from .train import (Trainer, began_balance, discriminator_loss, dragan_points, fake_loss,
                    generator_loss, network_side, real_loss, reconstruction_error, system_side,
                    systems)

__all__ = [
    "AbiError", "Adam", "Checkpoint", "Context", "Dataset", "Error", "FileError", "FormatError", "Idx",
    "InvalidArgument", "Library", "Loader", "MixedSamples", "Module", "NonFinite",
    "NotDifferentiable", "NotSupported", "Optimizer", "OutOfMemory", "Plateau", "RMSProp",
    "SGD", "Sampler", "Sequential", "StateError", "Steps", "Tensor", "Trainer", "Unreached",
    "augment", "average_decay", "bce_with_logits", "began_balance", "default_library",
    "discriminator_loss", "dragan_points", "fake_loss", "feature_statistics",
    "frechet_distance", "from_nchw", "generator_loss", "grad", "histogram_statistics", "init",
    "interpolate", "kernel_distance", "load", "load_torch_state", "mode_statistics",
    "nearest_neighbour_error", "nearest_neighbours", "network_side", "ops",
    "parzen_log_likelihood", "penalty", "penalty_of", "png_read", "png_write_grid",
    "precision_recall", "ramp", "real_loss", "reconstruction_error",
    "relativistic_discriminator", "relativistic_generator", "slerp", "step_decay",
    "system_side", "systems", "to_nchw", "torch_state", "vjp", "wasserstein_critic",
    "wasserstein_generator", "zero_penalty", "zero_penalty_of"
]
