"""Every public function that gives a tensor is among the rows that the gradient tests check.

test_ops itself sees to it that every operator of ops.def has rows; this looks at the headers.

SPDX-License-Identifier: MIT
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADERS = ["ops.h", "grad.h", "loss.h", "augment.h"]

# Rows of op_samples bear the operator's name, which differs from the public one for these.
OPERATORS = {
    "gan_conv2d": "conv",
    "gan_conv2d_data_grad": "conv_data_grad",
    "gan_conv2d_weight_grad": "conv_weight_grad",
}

# In and out of the graph, or tested elsewhere in this folder.
ELSEWHERE = {"gan_detach", "gan_track", "gan_interpolate", "gan_penalty_of",
             "gan_zero_penalty_of"}


def functions():
    for header in HEADERS:
        text = re.sub(r"/\*.*?\*/", "", (ROOT / "include/gan" / header).read_text(), flags=re.S)
        yield from re.findall(r"GAN_API\s+gan_tensor\s*\*(gan_\w+)\(", text)


def rows():
    for file in ("op_samples.c", "api_samples.c"):
        text = (ROOT / "tests/grad" / file).read_text()
        yield from re.findall(r'"(\w+)(?:, [^"]*)?"', text)


def main():
    names = set(rows())
    missing = [name for name in functions()
               if name not in ELSEWHERE and name not in names
               and OPERATORS.get(name, name.removeprefix("gan_")) not in names]
    for name in missing:
        print(f"{name} has no row in op_samples.c or api_samples.c")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
