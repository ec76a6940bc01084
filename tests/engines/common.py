"""What the tests of the engines share: a display, and pictures in which the sprites are looked for
that the sampler makes of the same seeds.

SPDX-License-Identifier: MIT
"""

import contextlib
import os
import re
import subprocess

import gan
import numpy as np

LIMIT = 600  # seconds after which a program hangs
RATE = 60    # frames a second

SPRITE = re.compile(r"^sprite (\d+) (-?\d+) at (-?\d+) (-?\d+) times (\d+)$", re.M)
TIMES = re.compile(r"(\d+) frames in .* s, ([\d.]+) a second; 99th percentile of frame time ([\d.]+) ms")


@contextlib.contextmanager
def display():
    """The environment of programs on an X server of their own, which draws in software."""
    server = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten",
                               "tcp"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        number = server.stdout.readline().strip()
        assert number, "Xvfb does not start"
        yield {**os.environ, "DISPLAY": f":{number}", "SDL_VIDEODRIVER": "x11",
               "LIBGL_ALWAYS_SOFTWARE": "1", "LP_NUM_THREADS": "0"}
    finally:
        server.terminate()
        server.wait()


def run(command, environment=None, code=0):
    """What a program writes on stdout, or on stderr if it is to fail with `code`."""
    done = subprocess.run([str(part) for part in command], env=environment, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT)
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stderr if code else done.stdout


def check_rate(output):
    """Prints how long the frames took. With GAN_HOLD_RATE=1, for a machine with nothing else to do,
    they must have been in time."""
    line = TIMES.search(output)
    assert line, f"no frame times in {output!r}"
    print(line.group())
    if os.environ.get("GAN_HOLD_RATE") == "1":
        assert float(line[3]) <= 1000 / RATE and float(line[2]) >= 0.99 * RATE, line.group()


def read(path, channels):
    """A picture (H,W,channels) of bytes."""
    with gan.Context(threads=1) as ctx:
        return gan.png_read(ctx, path, channels, 0, 255).numpy()[0].round().astype(np.uint8)


def sprites(output):
    """[(seed, class, x, y, zoom)] as a program printed them."""
    return [tuple(map(int, line)) for line in SPRITE.findall(output)]


def generated(sampler, seed, label, zoom):
    """The sprite (h,w,4) as the programs ask for it."""
    return sampler.rgba(1, seed=seed, labels=None if label < 0 else [label], alpha_threshold=128,
                        colors=16, scale=zoom)


def check_sprites(model, picture, wanted):
    """Each sprite is in the picture pixel by pixel, and the ground where it has none."""
    share = []
    with gan.Sampler(model, threads=1) as sampler:
        for seed, label, x, y, zoom in wanted:
            sprite = generated(sampler, seed, label, zoom)
            there = picture[y:y + sprite.shape[0], x:x + sprite.shape[1], :3]
            opaque = sprite[..., 3] == 255
            assert there.shape[:2] == opaque.shape, f"sprite {seed} is not within the picture"
            assert (there[opaque] == sprite[opaque][:, :3]).all(), f"sprite {seed} has other pixels"
            ground = np.unique(there[~opaque], axis=0)
            assert len(ground) == 1, f"the ground behind sprite {seed} has {len(ground)} colours"
            share.append(opaque.mean())
    assert 0.05 < np.mean(share) < 0.8, f"{np.mean(share):.0%} of the sprites is opaque"


def check_colours(picture, least):
    count = len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0))
    assert count >= least, f"the picture has {count} colours only"
