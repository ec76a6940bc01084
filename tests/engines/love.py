"""love.py LOVE PROJECT MODEL: the field of sprites in LÖVE, on a display of its own.

The frames' times are printed; the picture has the sprites of their seeds, of the
class and speed that keys have chosen; what cannot be loaded is told.

SPDX-License-Identifier: MIT
"""

import sys
import tempfile
from pathlib import Path

import common

FRAMES = 180


def main(love, project, model):
    with tempfile.TemporaryDirectory() as folder, common.display() as environment:
        picture, log = Path(folder, "field.png"), Path(folder, "frames.tsv")
        command = [love, project, "--model", model, "--frames", FRAMES, "--speed", 600, "--budget",
                   0.3]
        output = common.run(command + ["--log", log], environment)
        common.check_rate(output)
        made, busy = map(int, output.splitlines()[-1].split(" of the frames")[0].split(
            " sprites generated in "))
        assert made > 20 and busy > FRAMES / 8, output
        lines = log.read_text().splitlines()
        assert lines[0] == "frame\tmilliseconds\tsampler" and len(lines) == FRAMES, len(lines)

        # Keys: twice the next class, a new seed, slower, halt; by then all columns are new.
        keys = "3:c,4:c,5:s,6:left,90:p"
        output = common.run([love, project, "--model", model, "--frames", 100, "--speed", 160,
                             "--press", keys, "--screenshot", picture], environment)
        drawn = common.sprites(output)
        assert len(drawn) >= 12 * 7, f"{len(drawn)} sprites only"
        assert {label for _, label, *_ in drawn} == {1}, "not of the class that was chosen"
        assert all(seed >> 24 == 2 for seed, *_ in drawn), "not of the seed that was chosen"
        image = common.read(picture, 3)
        assert image.shape == (540, 960, 3), image.shape
        common.check_colours(image, 200)
        common.check_sprites(model, image, drawn)

        assert "nowhere" in common.run([love, project, "--model", "nowhere"], environment, code=1)
        assert "--model FILE is missing" in common.run([love, project], environment, code=1)
        assert "'--colour'" in common.run([love, project, "--colour", 3], environment, code=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
