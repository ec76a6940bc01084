#!/usr/bin/python3
"""Runs a benchmark of libgan and its PyTorch peer turn by turn and prints how they compare.

usage: compare.py [steps|conv|epoch|sampler] [--only NAME,...] [--rounds N] [--threads N] [--reps R]
                  [--images N] [--build FOLDER]
steps: training steps and sampling; conv: layers of convolution, each direction; epoch: an epoch of a
small DCGAN; sampler: the frozen generator, beside onnxruntime (in GAN_ONNXRUNTIME, or where
tests/run.sh puts it) and PyTorch. Each turn is a fresh process with one workload or layer. The ratio
is the peer's time over libgan's, of the medians over all rounds: above 1, libgan is faster.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LINE = re.compile(r"(\S+) +median +([0-9.]+) s +min +([0-9.]+) s +rss +([0-9.]+) MiB")
STEPS = [
    "gan-mlp-28", "dcgan-64", "wgan-64-critic", "wgangp-64-critic", "wgangp-64-penalty",
    "wgan-64-generator", "dragan-mlp-28", "began-64", "sample-64-b1", "sample-64-b64"
]
LAYERS = [
    "conv-n64-c3-64-px64-k4s2", "conv-n64-c64-128-px32-k4s2", "conv-n64-c128-256-px16-k4s2",
    "conv-n64-c256-512-px8-k4s2", "deconv-n64-c1024-512-px4-k4s2", "deconv-n64-c512-256-px8-k4s2",
    "deconv-n64-c256-128-px16-k4s2", "deconv-n64-c128-3-px32-k4s2", "conv-n16-c64-64-px64-k3s1",
    "conv-n16-c128-128-px32-k3s1", "conv-n16-c192-192-px16-k3s1", "conv-n16-c128-128-px64-k3s2",
    "conv-n16-c192-192-px32-k3s2", "conv-n16-c256-256-px16-k3s2", "conv-n64-c64-128-px32-k5s2"
]
PEERS = ("libgan", "torch")


def run(command):
    """What the program prints."""
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"compare.py: {' '.join(command)}: {result.stderr.strip() or result.stdout}")
    return result.stdout


def turn_by_turn(args, commands, *options):
    """Per peer, what each round's process printed."""
    options = [*options, "--threads", str(args.threads), "--reps", str(args.reps)]
    outputs = {peer: [] for peer in PEERS}
    for _ in range(args.rounds):
        for peer in PEERS:
            outputs[peer].append(run(commands[peer] + list(options)))
    return outputs


def heading(args, *columns):
    print(f"{args.threads} threads, medians of {args.rounds} rounds, PyTorch on {peer_blas()}")
    print(*columns)


# ---- whole steps --------------------------------------------------------------------------------


def compare_times(name, outputs):
    """A row of times, their ratio, and memory."""
    found = {p: [LINE.match(o) for o in os] for p, os in outputs.items()}
    seconds = {p: statistics.median(float(m[2]) for m in ms) for p, ms in found.items()}
    memory = {p: max(float(m[4]) for m in ms) for p, ms in found.items()}
    print(f"{name:20s} {seconds['libgan'] * 1e3:10.2f} {seconds['torch'] * 1e3:10.2f} "
          f"{seconds['torch'] / seconds['libgan']:7.2f} {memory['libgan']:9.0f} "
          f"{memory['torch']:9.0f}", flush=True)


def times_heading(args):
    heading(args, f"{'':20s} {'libgan ms':>10s} {'torch ms':>10s} {'ratio':>7s} "
            f"{'MiB':>9s} {'MiB':>9s}")


def compare_steps(args, names, commands):
    times_heading(args)
    for name in names:
        compare_times(name, turn_by_turn(args, commands, "--only", name))


def compare_epoch(args, names, commands):
    times_heading(args)
    for name in names:
        compare_times(name, turn_by_turn(args, commands, "--images", str(args.images)))


# ---- layers -------------------------------------------------------------------------------------


def milliseconds(output):
    """By direction, of one layer."""
    rows = (line.split("\t") for line in output.splitlines() if not line.startswith("#"))
    return {direction: float(ms) for _, direction, ms, *_ in rows}


def compare_conv(args, names, commands):
    heading(args, f"{'':30s} {'':6s} {'libgan ms':>10s} {'torch ms':>10s} {'ratio':>7s}")
    for name in names:
        outputs = turn_by_turn(args, commands, "--only", name)
        found = {p: [milliseconds(o) for o in os] for p, os in outputs.items()}
        for direction in ("fwd", "dgrad", "wgrad"):
            own, peer = (statistics.median(ms[direction] for ms in found[p]) for p in PEERS)
            print(f"{name:30s} {direction:6s} {own:10.3f} {peer:10.3f} {peer / own:7.2f}",
                  flush=True)


# ---- the sampler --------------------------------------------------------------------------------

SAMPLES = ["first sprite", "sample-64-b1", "sample-64-b64"]


def sampler_times(output):
    """By name: the median, or the only time."""
    rows = (re.match(r"([\w -]+?) +(?:median +)?([0-9.]+) ms", line) for line in output.splitlines())
    return {row[1]: float(row[2]) for row in rows if row}


def torch_times(output):
    """Milliseconds of PyTorch's module, which has no first sprite from a file."""
    rows = (LINE.match(line) for line in output.splitlines())
    return {row[1]: float(row[2]) * 1e3 for row in rows if row}


def compare_sampler(args, names, commands):
    heading(args, f"{'':20s} {'libgan ms':>10s} {'onnxrt ms':>10s} {'ratio':>7s} "
            f"{'torch ms':>10s} {'ratio':>7s}")
    options = ["--threads", str(args.threads), "--reps", str(args.reps)]
    runtime = os.environ.get("GAN_ONNXRUNTIME", str(ROOT / "build/onnxruntime"))
    os.environ["PYTHONPATH"] = runtime
    with tempfile.TemporaryDirectory() as folder:
        model = f"{folder}/generator.onnx"
        own = commands["libgan"] + options + ["--onnx", model]
        onnx = ["/usr/bin/python3", str(HERE / "peers/ort_sampler.py"), model] + options
        torch = commands["torch"] + ["--threads", str(args.threads), "--reps", "5", "--only",
                                     "sample-64-b1,sample-64-b64"]
        turns = [(sampler_times(run(own)), sampler_times(run(onnx)), torch_times(run(torch)))
                 for _ in range(args.rounds)]
    for name in names:
        own, *peers = (statistics.median(times[name] for times in side if name in times)
                       if name in side[0] else None for side in zip(*turns))
        cells = (f"{peer:10.2f} {peer / own:7.2f}" for peer in peers if peer)
        print(f"{name:20s} {own:10.2f}", *cells, flush=True)


# ---- the command line ---------------------------------------------------------------------------


def peer_blas():
    """The BLAS that PyTorch has loaded: Debian lets every installed variant stand for it."""
    code = ("import torch; print(*{line.split()[-1] for line in open('/proc/self/maps')"
            " if 'blas' in line})")
    result = subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, text=True)
    variants = re.findall(r"openblas-(\w+)", result.stdout)
    return f"OpenBLAS ({variants[0]})" if variants else "another BLAS"


# The names there are, how they are compared, and how often each is run by default.
BENCHMARKS = {
    "steps": (STEPS, compare_steps, 5),
    "conv": (LAYERS, compare_conv, 7),
    "epoch": (["epoch-dcgan-28"], compare_epoch, 1),
    "sampler": (SAMPLES, compare_sampler, 100),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", nargs="?", choices=BENCHMARKS, default="steps")
    parser.add_argument("--only")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--reps", type=int)
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    args = parser.parse_args()
    known, compare, reps = BENCHMARKS[args.benchmark]
    args.reps = args.reps or reps
    names = args.only.split(",") if args.only else known
    unknown = [n for n in names if n not in known]
    if unknown:
        sys.exit(f"compare.py: nothing is called {', '.join(unknown)}; there are {', '.join(known)}")
    program = args.build / "tests/bench" / args.benchmark
    if not program.exists():
        sys.exit(f"compare.py: {program} is not there: build the release preset first")
    peer = "steps" if args.benchmark == "sampler" else args.benchmark
    commands = {
        "libgan": [str(program)] + (["--tsv"] if args.benchmark == "conv" else []),
        # Debian's interpreter, which sees Debian's python3-torch.
        "torch": ["/usr/bin/python3", str(HERE / f"peers/torch_{peer}.py")],
    }
    compare(args, names, commands)


main()
