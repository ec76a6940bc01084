"""mypy's view: of the package, strictly, and of programs that use it.

SPDX-License-Identifier: MIT
"""

import ast
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from common import PACKAGE

import gan

RIGHT = """
    import gan
    import numpy as np

    def train(context: gan.Context, images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
        critic = gan.Sequential(context)
        critic.add_dense(2, 1)
        adam: gan.Optimizer = gan.Adam(critic, lr=1e-4)
        with context.scope(), critic, adam:
            real, fake = context.randn(8, 2), context.tensor(np.zeros((8, 2)))
            points = gan.interpolate(real, fake)
            gap: gan.Tensor = critic(fake).mean() - critic(real).mean()
            adam.minimize(gap + 10 * gan.penalty(critic(points), points) / 2)
            one: gan.Tensor = gan.grad(points.square().sum(), points)
            two: list[gan.Tensor] = gan.grad(points.sum(), [points, points])
            reveal_type((1 - one).relu().clamp(0, 1) @ two[0])
        dataset = gan.Dataset.from_array(context, images)
        trainer = gan.Trainer(context, "wgan-gp", dataset)
        for step in gan.Steps(3):
            trainer.step()
        reveal_type(trainer.sample(trainer.latents(3)).numpy())
        reveal_type(trainer.averaged)
        return gap.item()
"""

# One wrong line each.
WRONG = ("gan.Context(threads='2')", "gan.Adam(context)", "context.zeros(2) + '1'",
         "context.zeros(2).relu(0.2)", "context.zeros(2).frobenius()", "gan.zero(context)",
         "gan.Sequential(context).add_dense(2)", "context.zeros((2, 3))",
         "x: int = context.zeros(2).numpy()")


class Types(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def mypy(self, *arguments, cwd):
        ended = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", self.folder / "cache",
                                *arguments], cwd=cwd, text=True, capture_output=True,
                               env=os.environ | {"MYPYPATH": os.fspath(PACKAGE)})
        self.assertEqual(ended.stderr, "")
        return ended.stdout

    def test_package(self):
        self.assertIn("Success: no issues", self.mypy(cwd=PACKAGE))

    def test_programs(self):
        (self.folder / "right.py").write_text(textwrap.dedent(RIGHT))
        lines = "".join(f"{line}\n" for line in WRONG)
        (self.folder / "wrong.py").write_text(f"import gan\ncontext = gan.Context()\n{lines}")
        # Silent about the package, as where it is installed.
        said = self.mypy("--strict", "--follow-imports=silent", "right.py", "wrong.py",
                         cwd=self.folder).splitlines()
        notes = [line.split('"')[1] for line in said if "Revealed type" in line]
        self.assertEqual(notes[0], "gan.tensor.Tensor")
        self.assertIn("ndarray", notes[1])
        self.assertIn("gan.nn.Module", notes[2])
        errors = [line for line in said if ": error:" in line]
        self.assertEqual([line for line in errors if not line.startswith("wrong.py")], [])
        found = {int(line.split(":")[1]) for line in errors}
        self.assertEqual([line for number, line in enumerate(WRONG, 3) if number not in found], [])

    def test_exports(self):
        """__all__ is what __init__.py imports: else a typed program cannot see a name."""
        tree = ast.parse(Path(gan.__file__).read_text())
        names = [name.asname or name.name for node in tree.body
                 if isinstance(node, ast.ImportFrom) for name in node.names]
        self.assertEqual(sorted(gan.__all__), sorted(names))


if __name__ == "__main__":
    unittest.main()
