"""sdl.py PROGRAM MODEL: the wall of sprites in SDL2, in a window and without one.

SPDX-License-Identifier: MIT
"""

import os
import sys
import tempfile
from pathlib import Path

import common

COLUMNS, ROWS, ZOOM, GAP, SIDE = 9, 5, 3, 4, 32


def check(program, model, picture, environment, options):
    """Runs it; its picture is right. Returns what it prints."""
    output = common.run([program, "--model", model, "--columns", COLUMNS, "--rows", ROWS, "--zoom",
                         ZOOM, "--hold", 0, "--screenshot", picture, *options], environment)
    drawn, image = common.sprites(output), common.read(picture, 3)
    assert len(drawn) == COLUMNS * ROWS, len(drawn)
    assert image.shape == (ROWS * (ZOOM * SIDE + GAP), COLUMNS * (ZOOM * SIDE + GAP), 3), image.shape
    common.check_colours(image, 200)
    common.check_sprites(model, image, drawn)
    return output


def main(program, model):
    with tempfile.TemporaryDirectory() as folder, common.display() as environment:
        picture = Path(folder, "wall.png")
        output = check(program, model, picture, environment, ["--frames", 120, "--budget", 0.5])
        common.check_rate(output)
        assert int(output.split(" pages painted")[0].split()[-1]) >= 1, output

        dummy = {**os.environ, "SDL_VIDEODRIVER": "dummy"}
        output = check(program, model, picture, dummy, ["--frames", 40, "--class", 2, "--seed", 9])
        assert {label for _, label, *_ in common.sprites(output)} == {2}
        for options, text in ((["--model", "nowhere"], "nowhere"),
                              (["--model", model, "--class", 3], "label 0 is 3")):
            assert text in common.run([program, *options], dummy, code=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
