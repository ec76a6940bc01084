"""model.py TRAIN FOLDER: a generator of sprites for the engines, FOLDER/run/generator.safetensors.

Draws little RGBA pictures of three classes, and trains a conditional GAN on them for a few seconds:
its sprites have colours, holes and classes, not beauty.

SPDX-License-Identifier: MIT
"""

import shutil
import subprocess
import sys
from pathlib import Path

import gan
import numpy as np

SIDE, EACH, STEPS = 32, 24, 400


def inside(kind, x, y, size):
    """Whether points, from the middle, are in a shape."""
    if kind == "gem":
        return abs(x) + abs(y) < size
    if kind == "slime":
        return (x * x + 1.6 * y * y < size * size) & (y < 0.5 * size)
    return (abs(x) < 0.45 * size) & (abs(y) < size)  # tower


def sprite(kind, rng):
    """(SIDE,SIDE,4) from 0 to 1: a shape of one colour, lit from above, with a dark outline."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2 + rng.uniform(-2, 2, (2, 1, 1))
    size = rng.uniform(9, 13)
    body, whole = inside(kind, x, y, size - 2), inside(kind, x, y, size)
    light = 0.75 - 0.25 * y / size
    colour = rng.uniform(0.3, 1, 3) * light[..., None] * body[..., None]
    return np.dstack([colour, whole]).clip(0, 1)


def draw(folder, rng):
    with gan.Context(threads=1) as ctx:
        for kind in ("gem", "slime", "tower"):
            (folder / kind).mkdir(parents=True)
            for i in range(EACH):
                image = ctx.tensor(sprite(kind, rng)[None])
                gan.png_write_grid(image, folder / kind / f"{i}.png", columns=1, gap=0, lo=0, hi=1)


def main(train, folder):
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    draw(folder / "sprites", np.random.default_rng(1))
    subprocess.run([train, "--system", "cgan", "--data", folder / "sprites", "--channels", "rgba",
                    "--size", str(SIDE), "--width", "8", "--batch", "24", "--steps", str(STEPS),
                    "--lr", "2e-3", "--seed", "1", "--sample-every", str(STEPS), "--threads", "1",
                    "--out", folder / "run"], check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main(*sys.argv[1:])
