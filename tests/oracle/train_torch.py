#!/usr/bin/env python3
"""Training with libgan against training with PyTorch, on Fashion-MNIST or MNIST:

    train_torch.py --data FOLDER                  from the same weights, batches and noise: losses
    train_torch.py --data FOLDER --distance --steps 3000 --classifier lenet.safetensors
                                                  both on their own, from several seeds: LeNet
                                                  distances of samples
    train_torch.py … --distance … --paired        the same, but PyTorch with libgan's weights to
                                                  begin with, its batches and its noise

Exits with 1 where a loss of any step differs by more than 1 %, or where the mean of our distances
is more than 1.2 times that of PyTorch's. Training multiplies rounding errors; how much, is told by
PyTorch in float32 against itself in float64. With --distance each finished trial is a line of a
file, and is not repeated.

SPDX-License-Identifier: MIT
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# First: it finds gan, and says what is missing.
from oracle import LIBRARIES, ROOT
from twins import (TWINS, Free, differences, make_trainer, padded, paired, preset,
                   steps_of_libgan, steps_of_pytorch)

import gan
import numpy as np
import torch

LOSS_LIMIT = 0.01
DISTANCE_LIMIT = 1.2
SIDE = 28
SAMPLED_AT_ONCE = 250
MEASURED = ("distance", "cpu_seconds")


def read_images(folder):
    """The training images, (N,28,28,1) of bytes."""
    path = Path(folder) / "train-images-idx3-ubyte"
    with gan.Context(threads=1) as context:
        return gan.Dataset.from_idx(context, path if path.exists() else f"{path}.gz").numpy()


def option(text):
    """NAME=NUMBER: an option of a trainer."""
    name, number = text.split("=")
    return name, float(number) if "." in number or "e" in number else int(number)


def options_of(args):
    """What both programs have other than the preset."""
    width = {} if args.width is None else {"width": args.width}
    return width | dict(args.set)


# ---- the same weights, batches and noise ---------------------------------------------------------


class Largest:
    """Of the differences of a loss: the largest, its step, and the first step over the limit."""

    def __init__(self):
        self.difference, self.step, self.over = 0.0, 0, None

    def see(self, step, difference):
        if difference > self.difference:
            self.difference, self.step = difference, step
        if difference > LOSS_LIMIT and self.over is None:
            self.over = step

    def __str__(self):
        return f"{self.difference:9.1e} {self.step:5} {self.over or '-':>5}"


def compare_losses(args, images):
    """Prints how far libgan and PyTorch are apart, and how far PyTorch in this precision and in the
    other one are. Whether libgan stays within the limit."""
    dtypes = (torch.float64, torch.float32) if args.double else (torch.float32, torch.float64)
    precisions = " ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
    print(f"{precisions}, {args.steps} steps: the largest difference, its step, the first over "
          f"{LOSS_LIMIT:.0%}\n{'system':8} {'width':>5} {'loss':6} | {'libgan - PyTorch':^21} | "
          f"{'PyTorch - PyTorch':^21}", flush=True)
    good = True
    for system in args.system:
        training = LIBRARIES[args.double], system, images, args.steps, args.seed
        options = options_of(args)
        ours, own = {}, {}
        runs = zip(steps_of_libgan(*training, args.threads, **options),
                   *(steps_of_pytorch(dtype, *training, **options) for dtype in dtypes))
        for step, (libgan, same, other) in enumerate(runs, 1):
            for seen, pair in (ours, (libgan, same)), (own, (same, other)):
                for name, difference in differences(*pair).items():
                    seen.setdefault(name, Largest()).see(step, difference)
        for name, largest in ours.items():
            good = good and largest.over is None
            print(f"{system:8} {preset(system, **options)['width']:5} {name:6} | {largest} | "
                  f"{own[name]}", flush=True)
    return good


# ---- each on its own -----------------------------------------------------------------------------


def draw(sample, n):
    """n images by sample(count), which makes so many."""
    counts = [min(SAMPLED_AT_ONCE, n - done) for done in range(0, n, SAMPLED_AT_ONCE)]
    return np.concatenate([sample(count).numpy() for count in counts])


def train_libgan(args, system, images, seed):
    """Samples (n,side,side) in [-1, 1] of the trained generator."""
    with gan.Context(args.threads, seed) as context:
        trainer = make_trainer(context, system, images, seed, **options_of(args))
        for _ in range(args.steps):
            trainer.step()
        return draw(lambda n: trainer.sample(trainer.latents(n)), args.samples)[..., 0]


def train_twin(args, twin, draws):
    for _ in range(args.steps):
        twin.step(draws)
    return draw(lambda n: twin.sample(draws.latents(n)), args.samples)[:, 0]


def train_pytorch(args, system, images, seed):
    torch.manual_seed(seed)
    options = preset(system, **options_of(args))
    return train_twin(args, TWINS[system](options), Free(padded(system, images), options))


def train_paired(args, system, images, seed):
    with gan.Context(1, seed) as context:
        trainer = make_trainer(context, system, images, seed, **options_of(args))
        return train_twin(args, *paired(trainer, system, torch.float32))


TRAIN = {"libgan": train_libgan, "pytorch": train_pytorch, "paired": train_paired}


def distance_of(args, samples):
    """The LeNet distance of images in [-1, 1], as the program evaluate has it, to the bytes that a
    file of images holds."""
    edge = (samples.shape[1] - SIDE) // 2
    cut = samples[:, edge:edge + SIDE, edge:edge + SIDE]
    levels = np.rint((np.clip(cut, -1, 1) + 1) * 127.5).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "samples-idx3-ubyte"
        header = np.array([0x0803, *levels.shape], ">u4")
        file.write_bytes(header.tobytes() + levels.tobytes())
        subprocess.run([args.evaluate, "--data", args.data, "--classifier", args.classifier,
                        "--images", file, "--out", folder, "--threads", str(args.threads)],
                       check=True, stdout=subprocess.DEVNULL)
        return json.loads((Path(folder) / "evaluation.json").read_text())["frechet"]


def read_results(path):
    """The whole lines of a file of results; a line that was cut off by a kill is left out."""
    lines = Path(path).read_text().splitlines(keepends=True) if Path(path).exists() else []
    return [json.loads(line) for line in lines if line.endswith("}\n")]


def result_of(results, key):
    """The line of the trial that is `key` and no more."""
    return next((line for line in results
                 if {name: value for name, value in line.items() if name not in MEASURED} == key),
                None)


def run_trial(args, key, images):
    start = time.process_time()
    samples = TRAIN[key["program"]](args, key["system"], images, key["seed"])
    seconds = time.process_time() - start  # of one core
    return key | {"distance": distance_of(args, samples), "cpu_seconds": round(seconds, 1)}


def append(path, result):
    """Begins a new line where a kill left half of one."""
    path = Path(path)
    whole = not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")
    with open(path, "a") as file:
        file.write("" if whole else "\n")
        file.write(json.dumps(result) + "\n")


def programs(args):
    """Ours, and the one that it is compared with."""
    return "libgan", "paired" if args.paired else "pytorch"


def compare_distances(args, images):
    """Prints both programs' means over the seeds. Whether all ratios are within the limit."""
    good, options = True, options_of(args)
    for system in args.system:
        key = {"system": system, "width": preset(system, **options)["width"], **options,
               "steps": args.steps, "samples": args.samples}
        for seed in range(1, args.seeds + 1):
            for program in programs(args):
                trial = key | {"program": program, "seed": seed}
                if not result_of(read_results(args.out), trial):
                    append(args.out, run_trial(args, trial, images))
                print(json.dumps(result_of(read_results(args.out), trial)), flush=True)
        good = print_row(args, key) and good
    return good


def print_row(args, key):
    """The means over the seeds, the least and largest, and their ratio: whether it is small."""
    results = read_results(args.out)
    ours, theirs = (
        np.array([result_of(results, key | {"program": program, "seed": seed})["distance"]
                  for seed in range(1, args.seeds + 1)]) for program in programs(args))
    ratio = ours.mean() / theirs.mean()
    columns = (f"{name} {values.mean():.2f} ({values.min():.2f} to {values.max():.2f})"
               for name, values in zip(programs(args), (ours, theirs)))
    given = "".join(f", {name} {value:g}" for name, value in args.set)
    print(f"{key['system']}, width {key['width']}{given}, {args.steps} steps, {args.seeds} seeds, "
          f"mean (least to most): {', '.join(columns)}, ratio {ratio:.3f}", flush=True)
    return bool(ratio <= DISTANCE_LIMIT)


# ---- the program ---------------------------------------------------------------------------------


def parse():
    parser = argparse.ArgumentParser(description="libgan's trainer against PyTorch twins of it")
    parser.add_argument("--data", required=True, help="folder of the IDX files")
    parser.add_argument("--system", choices=TWINS, action="append", help="may be repeated; all")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--width", type=int, help="of the networks; the preset's")
    parser.add_argument("--set", type=option, action="append", default=[], metavar="NAME=NUMBER",
                        help="another option of the trainer, as gamma=0.7; may be repeated")
    parser.add_argument("--threads", type=int, default=1, help="of libgan; PyTorch has one")
    parser.add_argument("--seed", type=int, default=1, help="without --distance")
    parser.add_argument("--double", action="store_true", help="both in float64; not for --distance")
    parser.add_argument("--distance", action="store_true", help="distances of samples, not losses")
    parser.add_argument("--paired", action="store_true",
                        help="with --distance: PyTorch from libgan's weights, batches and noise")
    parser.add_argument("--seeds", type=int, default=3, help="1 to this one")
    parser.add_argument("--samples", type=int, default=10000, help="of a trained generator")
    parser.add_argument("--classifier", default="lenet.safetensors", help="made if missing")
    parser.add_argument("--out", default="train_torch.jsonl", help="the file of results")
    parser.add_argument("--evaluate", help="the program evaluate",
                        default=Path(os.environ.get("GAN_BUILD", ROOT / "build/release")) /
                        "examples/evaluate")
    args = parser.parse_args()
    args.system = args.system or list(TWINS)
    return args


def main():
    args = parse()
    images = read_images(args.data)
    good = (compare_distances if args.distance else compare_losses)(args, images)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
