#!/usr/bin/env python3
"""Checks the outputs of a quickstart with nothing but Python: usage check_run.py FOLDER.

Prints the number of generator steps in the log."""

import json
import math
import struct
import sys
import zlib
from pathlib import Path


def check_picture(path):
    """A PNG whose chunks have the right sums: 10 x 10 grey cells of 28 pixels."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "PNG signature"
    at, pixels = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        crc, = struct.unpack(">I", data[at + 8 + size:at + 12 + size])
        assert crc == zlib.crc32(kind + body), f"checksum of {kind}"
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">2I2B", body[:10])
        pixels += body if kind == b"IDAT" else b""
        at += 12 + size
    assert kind == b"IEND", "the last chunk"
    assert width == height and 10 * 28 <= width <= 10 * 28 + 11 * 2, f"size {width} x {height}"
    assert (depth, colour) == (8, 0), "8-bit grey"
    assert len(set(zlib.decompress(pixels))) > 20, "more than a few shades"


def check_log(path):
    """A JSON object a line: steps from 1, seconds rising, numbers finite."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1)), "steps"
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds), "seconds rise"
    for line in lines:
        for name in ("critic_loss", "wasserstein", "penalty", "generator_loss"):
            assert math.isfinite(line[name]), f"{name} of step {line['step']}"
        total = line["penalty"] - line["wasserstein"]
        assert math.isclose(line["critic_loss"], total, rel_tol=1e-3, abs_tol=1e-3), "the sum"
    return len(lines)


def check_weights(path):
    """safetensors: named arrays that fill the file, and the description of the forward pass."""
    data = path.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    meta = header.pop("__metadata__")
    assert meta["gan.format"], "gan.format"
    assert json.loads(meta["gan.graph"]), "gan.graph"
    assert "main.0.weight" in header, "a parameter's name"
    end = 0
    for tensor in sorted(header.values(), key=lambda t: t["data_offsets"]):
        start, stop = tensor["data_offsets"]
        width = {"F32": 4, "I64": 8}[tensor["dtype"]]
        assert start == end and stop - start == width * math.prod(tensor["shape"]), "offsets"
        end = stop
    assert end == len(data) - 8 - size, "the file's length"


run = Path(sys.argv[1])
check_picture(run / "samples.png")
check_weights(run / "generator.safetensors")
print(check_log(run / "log.jsonl"))
