#!/usr/bin/python3
"""Times single convolution layers in PyTorch: forward, and backward to both input and weights.

usage: torch_conv.py [THREADS]
The operations counted are those of the direct algorithm.
"""

import sys
import time

import torch
import torch.nn.functional as F

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
]


def best_seconds(run, reps=5):
    run()
    best = float("inf")
    for _ in range(reps):
        started = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - started)
    return best


def time_layer(kind, n, ci, co, side, k, stride, pad):
    x = torch.randn(n, ci, side, side, requires_grad=True)
    w = torch.randn(*((co, ci) if kind == "conv" else (ci, co)), k, k, requires_grad=True)
    op = F.conv2d if kind == "conv" else F.conv_transpose2d
    y = op(x, w, None, stride, pad)
    g = torch.randn_like(y)
    small = y.shape[2] if kind == "conv" else side
    operations = 2.0 * n * ci * co * k * k * small**2
    with torch.no_grad():
        forward = best_seconds(lambda: op(x, w, None, stride, pad))
    both = best_seconds(lambda: torch.autograd.grad(op(x, w, None, stride, pad), (x, w), g))
    backward = both - forward
    print(f"{kind:6s} n{n} {ci:4d}->{co:4d} {side:2d}px k{k}s{stride}:"
          f"  fwd {forward * 1e3:8.2f} ms {operations / forward / 1e9:6.1f} GFLOP/s"
          f"   bwd {backward * 1e3:8.2f} ms {2 * operations / backward / 1e9:6.1f} GFLOP/s",
          flush=True)


torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
for layer in LAYERS:
    time_layer(*layer)
