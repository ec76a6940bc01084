#!/usr/bin/python3
"""Times single convolution layers in PyTorch, each direction alone: the peer of tests/bench/conv.

usage: torch_conv.py [--threads N] [--reps R] [--only TEXT]
One line a layer and direction, tabs between: name, direction, median milliseconds, GFLOP/s. The
operations counted are those of the direct algorithm.
"""

import argparse
import statistics
import time

import torch

# kind, batch, channels in and out, side of the input, kernel, stride, padding
LAYERS = [
    ("conv", 64, 3, 64, 64, 4, 2, 1),
    ("conv", 64, 64, 128, 32, 4, 2, 1),
    ("conv", 64, 128, 256, 16, 4, 2, 1),
    ("conv", 64, 256, 512, 8, 4, 2, 1),
    ("deconv", 64, 1024, 512, 4, 4, 2, 1),
    ("deconv", 64, 512, 256, 8, 4, 2, 1),
    ("deconv", 64, 256, 128, 16, 4, 2, 1),
    ("deconv", 64, 128, 3, 32, 4, 2, 1),
    ("conv", 16, 64, 64, 64, 3, 1, 1),
    ("conv", 16, 128, 128, 32, 3, 1, 1),
    ("conv", 16, 192, 192, 16, 3, 1, 1),
    ("conv", 16, 128, 128, 64, 3, 2, 1),
    ("conv", 16, 192, 192, 32, 3, 2, 1),
    ("conv", 16, 256, 256, 16, 3, 2, 1),
    ("conv", 64, 64, 128, 32, 5, 2, 2),
]

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--reps", type=int, default=7)
parser.add_argument("--only", default="")
args = parser.parse_args()
torch.set_num_threads(args.threads)


def median_seconds(run):
    run()
    seconds = []
    for _ in range(args.reps):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


@torch.no_grad()
def time_layer(name, kind, n, ci, co, side, k, stride, pad):
    transposed = kind == "deconv"
    x = torch.randn(n, ci, side, side)
    w = torch.randn(*((ci, co) if transposed else (co, ci)), k, k)
    geometry = ([stride] * 2, [pad] * 2, [1, 1], transposed, [0, 0], 1)
    y = torch.convolution(x, w, None, *geometry)
    g = torch.randn_like(y)
    small = side if transposed else y.shape[2]
    operations = 2.0 * n * ci * co * k * k * small**2

    def backward(*wanted):
        return lambda: torch.ops.aten.convolution_backward(g, x, w, None, *geometry, wanted)

    for direction, run in (("fwd", lambda: torch.convolution(x, w, None, *geometry)),
                           ("dgrad", backward(True, False, False)),
                           ("wgrad", backward(False, True, False))):
        seconds = median_seconds(run)
        print(f"{name}\t{direction}\t{seconds * 1e3:.3f}\t{operations / seconds / 1e9:.1f}",
              flush=True)


for layer in LAYERS:
    kind, n, ci, co, side, k, stride, _ = layer
    name = f"{kind}-n{n}-c{ci}-{co}-px{side}-k{k}s{stride}"
    if args.only in name:
        time_layer(name, *layer)
