#!/usr/bin/python3
"""Times onnxruntime on the generator that tests/bench/sampler is timed on.

usage: ort_sampler.py MODEL.onnx [--threads N] [--reps R]
MODEL.onnx: what `sampler --onnx FILE` leaves. Prints lines as sampler does; compare.py sampler runs both.

SPDX-License-Identifier: MIT
"""

import argparse
import statistics
import sys
import time

import numpy as np

try:
    import onnxruntime
except ImportError:
    sys.exit("ort_sampler.py: there is no onnxruntime: pip install onnxruntime, or leave this out")


def milliseconds(call, reps):
    times = []
    for _ in range(reps):
        before = time.perf_counter()
        call()
        times.append((time.perf_counter() - before) * 1e3)
    return sorted(times)


def latents(session, n):
    """Normal numbers in the model's input shape; its first axis is the batch."""
    spec = session.get_inputs()[0]
    shape = [n] + [size if isinstance(size, int) else 1 for size in spec.shape[1:]]
    return {spec.name: np.random.default_rng(0).standard_normal(shape).astype(np.float32)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--reps", type=int, default=200)
    args = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    before = time.perf_counter()
    session = onnxruntime.InferenceSession(args.model, options,
                                           providers=["CPUExecutionProvider"])
    loaded = time.perf_counter()
    session.run(None, latents(session, 1))
    print(f"onnxruntime {onnxruntime.__version__}, {args.threads} threads")
    print(f"{'first sprite':16s} {(time.perf_counter() - before) * 1e3:9.3f} ms, of which load "
          f"{(loaded - before) * 1e3:.3f} ms")
    for name, n, reps in (("sample-64-b1", 1, args.reps), ("sample-64-b64", 64, 20)):
        z = latents(session, n)
        times = milliseconds(lambda: session.run(None, z), min(reps, args.reps))
        print(f"{name:16s} median {statistics.median(times):9.3f} ms  min {times[0]:9.3f} ms  "
              f"p99 {times[len(times) * 99 // 100]:9.3f} ms")


if __name__ == "__main__":
    main()
