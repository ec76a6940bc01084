"""The operators that no layer is made of, against PyTorch: values, first and second derivatives.

SPDX-License-Identifier: MIT
"""

import unittest

# First: it finds gan, and says what is missing.
from oracle import (LIBRARIES, OracleTest, derivatives, gan_arrays, gan_grad, gan_tensor, normal,
                    torch_arrays, torch_grad, torch_tensor)

import gan
import numpy as np
import torch
import torch.nn.functional as F
from gan.ops import concat

LABELS = [2, 0, 4, 1, 1, 3]
INDEX = [1, 3, 1, 0]

M = (3, 5)  # a matrix
V = (5,)  # a row that is broadcast over it
IMAGE = (2, 3, 6, 6)


def positive(x):
    return x * x + 0.5


def pad_first(x, padding):
    """PyTorch's convolutions pad evenly: pad beforehand."""
    (top, bottom), (left, right) = padding
    return F.pad(x, (left, right, top, bottom))


def stylegan2_std(x, group):
    """Karras et al. 2020: samples n, n + N/group, ... together."""
    n, c, h, w = x.shape
    y = x.reshape(group, n // group, c, h, w)
    y = (y.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    return torch.cat((x, y.repeat(group)[:, None, None, None].expand(-1, 1, h, w)), 1)


UNEVEN = {"stride": (2, 1), "dilation": (1, 2)}
SIDES = ((2, 0), (1, 3))

# name: (shapes of the inputs, in PyTorch, in libgan). Inputs are standard normal. Images are
# written as PyTorch sees them and given to libgan channels last.
CASES = {
    "add": ((M, V), lambda a, b: a + b, lambda a, b: a + b),
    "sub": ((V, M), lambda a, b: a - b, lambda a, b: a - b),
    "mul": ((M, V), lambda a, b: a * b, lambda a, b: a * b),
    "div": ((M, V), lambda a, b: a / positive(b), lambda a, b: a / positive(b)),
    "numbers": ((M,), lambda x: (2 - 3 * x) / 4 + 5 / positive(x) - 1,
                lambda x: (2 - 3 * x) / 4 + 5 / positive(x) - 1),
    "neg": ((M,), lambda x: -x, lambda x: -x),
    "maximum": ((M, V), torch.maximum, lambda a, b: a.maximum(b)),
    "minimum": ((M, V), torch.minimum, lambda a, b: a.minimum(b)),
    "maximum of equals": ((M,), lambda x: torch.maximum(x * x, x * x),
                          lambda x: (x * x).maximum(x * x)),
    "square": ((M,), torch.square, lambda x: x.square()),
    "exp": ((M,), torch.exp, lambda x: x.exp()),
    "log": ((M,), lambda x: positive(x).log(), lambda x: positive(x).log()),
    "sqrt": ((M,), lambda x: positive(x).sqrt(), lambda x: positive(x).sqrt()),
    "pow": ((M,), lambda x: positive(x)**1.7, lambda x: positive(x)**1.7),
    "cube": ((M,), lambda x: x**3, lambda x: x**3),
    "abs": ((M,), abs, abs),
    "clamp": ((M,), lambda x: x.clamp(-0.7, 0.4), lambda x: x.clamp(-0.7, 0.4)),
    "matmul": (((3, 4), (4, 5)), lambda a, b: a @ b, lambda a, b: a @ b),
    "matmul transposed": (((4, 3), (5, 4)), lambda a, b: a.T @ b.T,
                          lambda a, b: a.matmul(b, transpose_a=True, transpose_b=True)),
    "conv2d": (((2, 3, 6, 6), (4, 3, 3, 2)),
               lambda x, w: F.conv2d(pad_first(x, SIDES), w, **UNEVEN),
               lambda x, w: x.conv2d(w, padding=SIDES, **UNEVEN)),
    "conv_transpose2d": (((2, 3, 4, 5), (3, 4, 3, 2)),
                         lambda x, w: F.conv_transpose2d(x, w, **UNEVEN)[:, :, 2:, 1:-3],
                         lambda x, w: x.conv_transpose2d(w, padding=SIDES, **UNEVEN)),
    "conv2d_data_grad": (((2, 4, 3, 3), (4, 3, 4, 4)),
                         lambda g, w: F.conv_transpose2d(g, w, stride=2, padding=1),
                         lambda g, w: g.conv2d_data_grad(w, 6, 6, stride=2, padding=1)),
    "conv2d_weight_grad": (((2, 3, 6, 6), (2, 4, 3, 3)),
                           lambda x, g: F.conv2d(x.transpose(0, 1), g.transpose(0, 1), padding=1,
                                                 dilation=2).transpose(0, 1),
                           lambda x, g: x.conv2d_weight_grad(g, 4, 4, stride=2, padding=1)),
    "sum": ((M,), lambda x: x.sum(), lambda x: x.sum()),
    "sum_all": ((M,), lambda x: x.sum(), lambda x: x.sum_all()),
    "mean over one axis": ((M,), lambda x: x.mean(0), lambda x: x.mean(0)),
    "mean_all": ((M,), lambda x: x.mean(), lambda x: x.mean_all()),
    "mean over images": ((IMAGE,), lambda x: x.mean((2, 3), keepdim=True),
                         lambda x: x.mean((1, 2), keep=True)),
    "max": ((M,), lambda x: x.amax(1), lambda x: x.max(1)),
    "std": ((M,), lambda x: x.std(0), lambda x: x.std(0)),
    "std biased": ((M,), lambda x: x.std(1, unbiased=False, keepdim=True),
                   lambda x: x.std(1, keep=True, correction=0)),
    "l2_norm": ((IMAGE,), lambda x: x.flatten(1).norm(dim=1), lambda x: x.l2_norm()),
    "reshape": ((M,), lambda x: x.reshape(5, 3), lambda x: x.reshape(5, -1)),
    "flatten": ((IMAGE,), lambda x: x.flatten(1), lambda x: x.flatten()),
    "unflatten": (((2, 12),), lambda x: x.reshape(2, 3, 2, 2), lambda x: x.unflatten(3, 2, 2)),
    "transpose": ((M,), lambda x: x.T, lambda x: x.transpose(1, 0)),
    "broadcast": ((V,), lambda x: x.expand(3, 5), lambda x: x.broadcast(3, 5)),
    "concat": ((M, M), lambda a, b: torch.cat((a, b, a), 1), lambda a, b: concat((a, b, a), 1)),
    "slice": ((M,), lambda x: x[1:3, 2:5], lambda x: x.slice((1, 2), (2, 3))),
    "pad": ((M,), lambda x: F.pad(x, (0, 3, 1, 2)), lambda x: x.pad((1, 0), (2, 3))),
    "gather": (((4, 5),), lambda x: x[INDEX], lambda x: x.gather(INDEX)),
    "scatter_add": (((4, 5),),
                    lambda x: torch.zeros(6, 5, dtype=x.dtype).index_add(0, torch.tensor(INDEX), x),
                    lambda x: x.scatter_add(INDEX, 6)),
    "avg_pool2d": ((IMAGE,), lambda x: F.avg_pool2d(x, 3, 2, 1), lambda x: x.avg_pool2d(3, 2, 1)),
    "max_pool2d": ((IMAGE,), lambda x: F.max_pool2d(x, 3, 2, 1), lambda x: x.max_pool2d(3, 2, 1)),
    "pack": ((IMAGE,), lambda x: x.reshape(1, 6, 6, 6), lambda x: x.pack(2)),
    "pack of features": (((6, 5),), lambda x: x.reshape(2, 15), lambda x: x.pack(3)),
    "minibatch_std": (((4, 3, 2, 2),), lambda x: stylegan2_std(x, 2),
                      lambda x: x.minibatch_std(2)),
    "minibatch_std of the batch": (((3, 2, 2, 3),), lambda x: stylegan2_std(x, 3),
                                   lambda x: x.minibatch_std()),
    "projection": ((M, M), lambda a, b: (a * b).sum(1, keepdim=True),
                   lambda a, b: a.projection(b)),
    "label_maps": ((M,), lambda x: x[:, :, None, None].expand(-1, -1, 2, 4),
                   lambda x: x.label_maps(2, 4)),
    "softmax": ((M,), lambda x: x.softmax(-1), lambda x: x.softmax()),
    "log_softmax": ((M,), lambda x: x.log_softmax(-1), lambda x: x.log_softmax()),
    "cross_entropy": (((6, 5),), lambda x: F.cross_entropy(x, torch.tensor(LABELS)),
                      lambda x: x.cross_entropy(LABELS)),
}


class Operators(OracleTest):

    def compare_operator(self, shapes, in_torch, in_gan):
        rng = np.random.default_rng(1)
        names = [f"x{i}" for i in range(len(shapes))]
        values = {name: normal(rng, *shape) for name, shape in zip(names, shapes)}
        directions = {name: normal(rng, *shape) for name, shape in zip(names, shapes)}
        outputs = in_torch(*(torch_tensor(value, torch.float64) for value in values.values()))
        cotangent = normal(rng, *outputs.shape)

        def run_torch(dtype):
            inputs = {name: torch_tensor(x, dtype, track=True) for name, x in values.items()}
            along = {name: torch_tensor(x, dtype) for name, x in directions.items()}
            y = in_torch(*inputs.values())
            results = derivatives(y, inputs, torch_tensor(cotangent, dtype), along, torch_grad)
            return torch_arrays(results | {"output": y})

        def run_gan(context):
            inputs = {name: gan_tensor(context, x, track=True) for name, x in values.items()}
            along = {name: gan_tensor(context, x) for name, x in directions.items()}
            y = in_gan(*inputs.values())
            results = derivatives(y, inputs, gan_tensor(context, cotangent), along, gan_grad)
            return gan_arrays(results | {"output": y})

        self.compare(run_torch, run_gan)

    def test_operators(self):
        for name, case in CASES.items():
            with self.subTest(operator=name):
                self.compare_operator(*case)

    def test_nothing_but_the_result_stays(self):
        """An operator made of several leaves none of the others' results behind."""
        rng = np.random.default_rng(1)
        for name, (shapes, _, in_gan) in CASES.items():
            with self.subTest(operator=name), gan.Context(library=LIBRARIES[0]) as context:
                inputs = [gan_tensor(context, normal(rng, *shape), track=True) for shape in shapes]
                before = context.stats()["live_tensors"]
                y = in_gan(*inputs)
                self.assertEqual(context.stats()["live_tensors"], before + 1)
                del y
                self.assertEqual(context.stats()["live_tensors"], before)


if __name__ == "__main__":
    unittest.main()
