#!/usr/bin/python3
"""Runs tests/bench/steps and its PyTorch peer turn by turn and prints how they compare.

usage: compare.py [--only NAME,...] [--rounds N] [--threads N] [--reps R] [--steps PROGRAM]
Each turn is a fresh process with one workload. The ratio is PyTorch's time over libgan's, of the
medians over all rounds: above 1, libgan is faster.
"""

import argparse
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LINE = re.compile(r"(\S+) +median +([0-9.]+) s +min +([0-9.]+) s +rss +([0-9.]+) MiB")
NAMES = [
    "gan-mlp-28", "dcgan-64", "wgan-64-critic", "wgangp-64-critic", "wgangp-64-penalty",
    "wgan-64-generator", "dragan-mlp-28", "began-64", "sample-64-b1", "sample-64-b64"
]


def turn(command, name, args):
    """Median seconds and MiB of one workload in one process."""
    options = ["--only", name, "--threads", str(args.threads), "--reps", str(args.reps)]
    result = subprocess.run(command + options, capture_output=True, text=True)
    found = LINE.match(result.stdout)
    if result.returncode or not found:
        sys.exit(f"compare.py: {' '.join(command)}: {result.stderr.strip() or result.stdout}")
    return float(found[2]), float(found[4])


def compare(name, commands, args):
    """Prints the row of one workload."""
    turns = {peer: [] for peer in commands}
    for _ in range(args.rounds):
        for peer, command in commands.items():
            turns[peer].append(turn(command, name, args))
    seconds = {p: statistics.median(s for s, _ in ts) for p, ts in turns.items()}
    memory = {p: max(m for _, m in ts) for p, ts in turns.items()}
    print(f"{name:20s} {seconds['libgan'] * 1e3:10.2f} {seconds['torch'] * 1e3:10.2f} "
          f"{seconds['torch'] / seconds['libgan']:7.2f} {memory['libgan']:9.0f} "
          f"{memory['torch']:9.0f}", flush=True)


def peer_blas():
    """The BLAS that PyTorch has loaded: Debian lets every installed variant stand for it."""
    code = ("import torch; print(*{line.split()[-1] for line in open('/proc/self/maps')"
            " if 'blas' in line})")
    result = subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, text=True)
    variants = re.findall(r"openblas-(\w+)", result.stdout)
    return f"OpenBLAS ({variants[0]})" if variants else "another BLAS"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--steps", default=str(ROOT / "build/release/tests/bench/steps"))
    args = parser.parse_args()
    names = args.only.split(",")
    unknown = [n for n in names if n not in NAMES]
    if unknown:
        sys.exit(f"compare.py: no such workload: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if not Path(args.steps).exists():
        sys.exit(f"compare.py: {args.steps} is not there: build the release preset first")
    commands = {
        "libgan": [args.steps],
        # Debian's interpreter, which sees Debian's python3-torch.
        "torch": ["/usr/bin/python3", str(HERE / "peers/torch_steps.py")],
    }
    print(f"{args.threads} threads, medians of {args.rounds} rounds, PyTorch on {peer_blas()}\n"
          f"{'':20s} {'libgan ms':>10s} {'torch ms':>10s} {'ratio':>7s} {'MiB':>9s} {'MiB':>9s}")
    for name in names:
        compare(name, commands, args)


main()
