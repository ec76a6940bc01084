"""What the oracle tests share: networks described once and built in PyTorch and in libgan with the
same weights, derivatives on both sides, and the comparison.

Everything that leaves a run is a dict of NumPy arrays in PyTorch's layout, under a name whose first
word says what it is: "output", "gradient 0.weight", …

Tolerances, on |a - b| / |b| per tensor, b being PyTorch in float64: 1e-9 for the float64 build;
for the float32 build 1e-5, or three times PyTorch's own error in float32 where that is more.

SPDX-License-Identifier: MIT
"""

import os
import sys
import unittest
from pathlib import Path

# PyTorch's threads then sleep between operators instead of spinning on the cores that libgan needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

try:
    import numpy as np
    import torch
except ImportError as reason:
    sys.exit(f"the oracle tests need Debian's python3-numpy and python3-torch: {reason}")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))

import gan  # noqa: E402

torch.set_num_threads(2)

FLOAT64_TOLERANCE = 1e-9
FLOAT32_TOLERANCE = 1e-5
FLOAT32_FACTOR = 3

# A tensor below this part of its group's norm is zero but for rounding.
ZERO = 1e-12


def _load(variable, file):
    return gan.load(os.environ.get(variable, ROOT / "build/release/lib" / file))


LIBRARIES = (_load("GAN_LIBRARY", "libgan.so"), _load("GAN_LIBRARY64", "libgan64.so"))

# ---- numbers -------------------------------------------------------------------------------------


def normal(rng, *shape):
    """Standard normal, exact in float32, so that every precision starts from the same numbers."""
    return rng.standard_normal(shape).astype(np.float32)


def random_state(specification, seed):
    """Weights, and running statistics as if after training, for a network: name to array."""
    rng = np.random.default_rng(seed)
    state = {}
    for name, value in torch_network(specification).state_dict().items():
        leaf, shape = name.rpartition(".")[2], tuple(value.shape)
        if leaf == "num_batches_tracked":
            continue
        state[name] = normal(rng, *shape)
        if leaf == "running_var":
            state[name] = 0.5 + np.abs(state[name])
        elif leaf == "weight" and len(shape) > 1 and "norm" not in kind_of(specification, name):
            state[name] /= np.float32(np.sqrt(np.prod(shape[1:])))
        else:
            state[name] *= np.float32(0.2)
            if leaf == "weight":  # a norm's gain
                state[name] += 1
    return state


def kind_of(specification, name):
    return specification[int(name.partition(".")[0])][0]


# ---- networks ------------------------------------------------------------------------------------


class Maxout(torch.nn.Linear):
    """The largest of `pieces` affine maps per unit."""

    def __init__(self, inputs, outputs, pieces):
        super().__init__(inputs, outputs * pieces)
        self.pieces = pieces

    def forward(self, x):
        y = super().forward(x)
        return y.reshape(len(y), -1, self.pieces).amax(-1)


def _instance_norm(channels, affine=True, **options):
    return torch.nn.InstanceNorm2d(channels, affine=affine, **options)


# kind: (PyTorch's layer, libgan's), taking the same arguments. Layer norm's shape is (C,H,W) here.
LAYERS = {
    "dense": (torch.nn.Linear, gan.Module.add_dense),
    "conv": (torch.nn.Conv2d, gan.Module.add_conv2d),
    "conv_transpose": (torch.nn.ConvTranspose2d, gan.Module.add_conv_transpose2d),
    "batch_norm": (torch.nn.BatchNorm2d, gan.Module.add_batch_norm),
    "batch_norm_features": (torch.nn.BatchNorm1d, gan.Module.add_batch_norm),
    "instance_norm": (_instance_norm, gan.Module.add_instance_norm),
    "layer_norm": (lambda *shape, **options: torch.nn.LayerNorm(shape, **options),
                   lambda module, *shape, **options: module.add_layer_norm(
                       *shape[1:], shape[0], **options)),
    "group_norm": (torch.nn.GroupNorm, gan.Module.add_group_norm),
    "relu": (torch.nn.ReLU, gan.Module.add_relu),
    "leaky_relu": (torch.nn.LeakyReLU, gan.Module.add_leaky_relu),
    "elu": (torch.nn.ELU, gan.Module.add_elu),
    "tanh": (torch.nn.Tanh, gan.Module.add_tanh),
    "sigmoid": (torch.nn.Sigmoid, gan.Module.add_sigmoid),
    "softplus": (torch.nn.Softplus, gan.Module.add_softplus),
    "maxout": (Maxout, gan.Module.add_maxout),
    "dropout": (torch.nn.Dropout, gan.Module.add_dropout),
    "flatten": (torch.nn.Flatten, gan.Module.add_flatten),
    "unflatten": (lambda *shape: torch.nn.Unflatten(1, shape), gan.Module.add_unflatten),
    "upsample": (lambda factor: torch.nn.Upsample(scale_factor=factor), gan.Module.add_upsample),
}


def _spectral(kind):
    theirs, ours = LAYERS[kind]

    def in_gan(module, *arguments, **options):
        ours(module, *arguments, **options).spectral_norm()

    def in_torch(*arguments, **options):
        return torch.nn.utils.spectral_norm(theirs(*arguments, **options))

    return in_torch, in_gan


LAYERS |= {f"spectral_{kind}": _spectral(kind) for kind in ("dense", "conv", "conv_transpose")}


def layer(kind, *arguments, **options):
    """One layer of a network's description, which is a list of these."""
    return kind, arguments, options


def torch_network(specification, state=None, dtype=torch.float64):
    network = torch.nn.Sequential(*(LAYERS[kind][0](*arguments, **options)
                                    for kind, arguments, options in specification)).to(dtype)
    if state is not None:
        tensors = {name: torch_tensor(value, dtype) for name, value in state.items()}
        network.load_state_dict(tensors, strict=False)  # num_batches_tracked is not in the state
    return network


def gan_network(context, specification, state):
    network = gan.Sequential(context)
    for kind, arguments, options in specification:
        LAYERS[kind][1](network, *arguments, **options)
    gan.load_torch_state(network, state)
    return network


def torch_tensor(value, dtype, track=False):
    return torch.tensor(value, dtype=dtype, requires_grad=track)


def gan_tensor(context, value, track=False):
    """From an array in PyTorch's layout."""
    tensor = context.tensor(gan.from_nchw(value))
    return tensor.track() if track else tensor


def torch_array(tensor):
    # clone: PyTorch's symbolic zeros (second derivative of abs) have no memory to look at.
    return tensor.detach().clone().numpy()


def gan_array(tensor):
    """In PyTorch's layout."""
    return gan.to_nchw(tensor.numpy())


# ---- derivatives ---------------------------------------------------------------------------------


def torch_grad(y, inputs, cotangent=None, create_graph=False):
    """Name to gradient; zeros where y does not depend on an input."""
    if not y.requires_grad:
        return {name: torch.zeros_like(x) for name, x in inputs.items()}
    grads = torch.autograd.grad(y, list(inputs.values()), cotangent, create_graph=create_graph,
                                allow_unused=True)
    return {name: torch.zeros_like(x) if grad is None else grad
            for (name, x), grad in zip(inputs.items(), grads)}


def gan_grad(y, inputs, cotangent=None, create_graph=False):
    tensors = list(inputs.values())
    if cotangent is None:
        grads = gan.grad(y, tensors, create_graph=create_graph)
    else:
        grads = gan.vjp(y, cotangent, tensors, create_graph=create_graph)
    return dict(zip(inputs, grads))


def derivatives(y, inputs, cotangent, directions, grad):
    """First derivatives of sum(y · cotangent), and those of sum over inputs of (first · direction).

    inputs and directions: name to tensor; grad: torch_grad or gan_grad. The directions make every
    element of every second derivative matter.
    """
    first = grad(y, inputs, cotangent, create_graph=True)
    projection = sum((first[name] * directions[name]).sum() for name in inputs)
    second = grad(projection, inputs)
    return named("gradient", first) | named("second", second)


def named(kind, tensors):
    """{"kind name": tensor}"""
    return {f"{kind} {name}": tensor for name, tensor in tensors.items()}


def torch_arrays(tensors):
    return {name: torch_array(tensor) for name, tensor in tensors.items()}


def gan_arrays(tensors):
    return {name: gan_array(tensor) for name, tensor in tensors.items()}


# ---- comparison ----------------------------------------------------------------------------------


def errors(result, reference):
    """Name to relative error. What is zero but for rounding is judged against its whole group (the
    network's gradients, say): the first word of the name tells the group."""
    norms = {name: np.linalg.norm(value) for name, value in reference.items()}
    scales = {}
    for name, norm in norms.items():
        group = name.partition(" ")[0]
        scales[group] = np.hypot(scales.get(group, 0.0), norm)
    relative = {}
    for name, value in reference.items():
        scale = scales[name.partition(" ")[0]]
        unit = norms[name] if norms[name] > ZERO * scale else scale
        difference = np.asarray(result[name], np.float64) - value
        relative[name] = np.linalg.norm(difference) / (unit or 1.0)
    return relative


class OracleTest(unittest.TestCase):
    """Compares runs: run_torch(dtype) and run_gan(context) give name to array."""

    def compare(self, run_torch, run_gan, float32=FLOAT32_TOLERANCE, float64=FLOAT64_TOLERANCE):
        reference = run_torch(torch.float64)
        own = errors(run_torch(torch.float32), reference)
        for library in LIBRARIES:
            with gan.Context(threads=2, library=library) as context:
                result = run_gan(context)
            self.assertEqual({name: np.shape(value) for name, value in result.items()},
                             {name: np.shape(value) for name, value in reference.items()})
            wide = library.dtype == np.float64
            for name, error in errors(result, reference).items():
                limit = float64 if wide else max(float32, FLOAT32_FACTOR * own[name])
                with self.subTest(tensor=name, library=str(library.dtype)):
                    # Written so that a NaN fails.
                    self.assertTrue(error <= limit, f"relative error {error:.2e} > {limit:.2e}")
