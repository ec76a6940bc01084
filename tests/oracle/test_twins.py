"""The trainer itself, step by step, against PyTorch twins of three systems: the same weights,
batches and noise, so the same losses.

SPDX-License-Identifier: MIT
"""

import unittest

# First: it finds gan, and says what is missing.
from oracle import LIBRARIES

import numpy as np
import torch
from twins import TWINS, differences, steps_of_libgan, steps_of_pytorch

STEPS = 10
# On |ours - theirs| / |theirs|.
FLOAT64_TOLERANCE = 1e-9
FLOAT32_TOLERANCE = 1e-4


class Twins(unittest.TestCase):

    def setUp(self):
        # Blocks of 4 x 4 pixels, so that there is something to learn.
        rng = np.random.default_rng(1)
        blocks = rng.integers(0, 256, (40, 7, 7, 1), np.uint8)
        self.images = blocks.repeat(4, axis=1).repeat(4, axis=2)

    def compare(self, library, dtype, limit):
        for system in TWINS:
            training = library, system, self.images, STEPS
            both = zip(steps_of_libgan(*training, width=4, batch=8),
                       steps_of_pytorch(dtype, *training, width=4, batch=8))
            for number, (ours, theirs) in enumerate(both, 1):
                for name, difference in differences(ours, theirs).items():
                    with self.subTest(system=system, step=number, loss=name):
                        self.assertLessEqual(difference, limit)

    def test_float32(self):
        self.compare(LIBRARIES[0], torch.float32, FLOAT32_TOLERANCE)

    def test_float64(self):
        self.compare(LIBRARIES[1], torch.float64, FLOAT64_TOLERANCE)

    def test_difference(self):
        self.assertEqual(differences({"a": 1.5, "b": np.nan}, {"a": 1.0, "b": 1.0}),
                         {"a": 0.5, "b": np.inf})


if __name__ == "__main__":
    unittest.main()
