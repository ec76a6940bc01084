"""What the tests of the Python package share.

SPDX-License-Identifier: MIT
"""

import gc
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "bindings/python"
sys.path.insert(0, str(PACKAGE))

import gan  # noqa: E402


class ContextTest(unittest.TestCase):
    """With a context of its own, one thread."""

    def setUp(self):
        self.context = gan.Context(threads=1, seed=1)
        self.addCleanup(self.context.close)

    def live(self):
        """How many tensors the library holds."""
        gc.collect()
        return self.context.stats()["live_tensors"]
