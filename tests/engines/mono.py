"""mono.py MONO PROGRAM MODEL: the sheet that a program in C# makes within the budgets of frames.

SPDX-License-Identifier: MIT
"""

import re
import sys
import tempfile
from pathlib import Path

import common
import gan
import numpy as np

COLUMNS, ROWS, SCALE, SIDE = 8, 6, 2, 32


def main(mono, program, model):
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "sheet.png")
        output = common.run([mono, program, model, picture, 5, 300])
        print(output)
        frames = int(re.search(r"^48 sprites in (\d+) frames with 0.3 ms each", output)[1])
        assert frames >= 3, "the budget is not kept"
        sheet = common.read(picture, 4)
        assert sheet.shape == (ROWS * SCALE * SIDE, COLUMNS * SCALE * SIDE, 4), sheet.shape
        common.check_colours(sheet, 200)
        with gan.Sampler(model, threads=1) as sampler:
            wanted = sampler.rgba(COLUMNS * ROWS, seed=5, columns=COLUMNS, scale=SCALE,
                                  alpha_threshold=128, colors=16)
        assert np.array_equal(sheet, wanted), "other pixels than the sampler's"
        assert 0.05 < (sheet[..., 3] == 255).mean() < 0.8, "no sprites"
        assert "nowhere" in common.run([mono, program, "nowhere", picture], code=1)
        assert "MODEL" in common.run([mono, program], code=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
