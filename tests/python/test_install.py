"""The package as pip installs it into a fresh virtual environment, and what it finds there.

GAN_LIBRARY is the built library.

SPDX-License-Identifier: MIT
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from common import PACKAGE

LIBRARY = Path(os.environ["GAN_LIBRARY"]).absolute()
VERSION = "0.1.0"

# Trains one step, and tells where package and library come from.
PROGRAM = """
import gan, importlib.metadata, os
with gan.Context(seed=1) as context:
    net = gan.Sequential(context)
    net.add_dense(2, 1)
    gan.Adam(net).minimize(net(context.full((4, 2), 1)).sum())
library = gan.default_library()
assert importlib.metadata.version("libgan") == library.version, library.version
assert os.path.exists(os.path.join(os.path.dirname(gan.__file__), "py.typed"))
print(os.path.dirname(gan.__file__), library.path)
"""


def run(*command, **environment):
    """(exit code, stdout, stderr), without the variables that would lead to the checkout."""
    variables = {name: value for name, value in os.environ.items()
                 if name not in ("GAN_LIBRARY", "GAN_BUILD", "PYTHONPATH", "LD_LIBRARY_PATH",
                                 "PYTHONDONTWRITEBYTECODE")}
    variables |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    ended = subprocess.run([os.fspath(part) for part in command], text=True, capture_output=True,
                           cwd=Install.folder, env=variables | environment)
    return ended.returncode, ended.stdout, ended.stderr


class Install(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        # pip leaves its build beside the sources.
        cls.source = cls.folder / "python"
        shutil.copytree(PACKAGE, cls.source, ignore=shutil.ignore_patterns(
            "__pycache__", "build", "*.egg-info"))
        cls.environment = cls.folder / "venv"
        cls.python = cls.environment / "bin/python"
        cls.check(run(sys.executable, "-m", "venv", "--system-site-packages", cls.environment))

    @staticmethod
    def check(ended):
        code, stdout, stderr = ended
        assert code == 0, f"exit code {code}\n{stdout}{stderr}"
        return stdout

    def pip(self, *arguments, **environment):
        """Without an index: nothing comes from the network."""
        return run(self.python, "-m", "pip", *arguments[:1], "--no-index", "--no-build-isolation",
                   "--no-deps", *arguments[1:], **environment)

    def install(self, **environment):
        self.check(self.pip("install", "--force-reinstall", self.source, **environment))

    def wheel(self, **environment):
        """The name of the wheel's file."""
        target = Path(tempfile.mkdtemp(dir=self.folder))
        self.check(self.pip("wheel", "--wheel-dir", target, self.source, **environment))
        return [file.name for file in target.iterdir()]

    def use(self, **environment):
        return run(self.python, "-c", PROGRAM, **environment)

    def test_wheel_with_the_library(self):
        tag = f"linux_{os.uname().machine}"
        self.assertEqual(self.wheel(GAN_LIBRARY=os.fspath(LIBRARY)),
                         [f"libgan-{VERSION}-py3-none-{tag}.whl"])
        self.install(GAN_LIBRARY=os.fspath(LIBRARY))
        package, library = self.check(self.use()).split()
        self.assertTrue(package.startswith(os.fspath(self.environment)), package)
        self.assertEqual(library, f"{package}/libgan.so")

    def test_a_build_of_cmake(self):
        build = LIBRARY.parent.parent
        if LIBRARY.resolve() != (build / "lib/libgan.so").resolve():
            self.skipTest("GAN_LIBRARY is in no build folder")
        self.install(GAN_BUILD=os.fspath(build))
        self.assertIn("/libgan.so", self.check(self.use()))

    def test_wheel_without_the_library(self):
        self.wheel(GAN_LIBRARY=os.fspath(LIBRARY))  # what it leaves must not get into the next
        self.assertEqual(self.wheel(), [f"libgan-{VERSION}-py3-none-any.whl"])
        self.install()
        found = self.check(self.use(LD_LIBRARY_PATH=os.fspath(LIBRARY.parent))).split()[1]
        self.assertEqual(found, "libgan.so.0")
        found = self.check(self.use(GAN_LIBRARY=os.fspath(LIBRARY))).split()[1]
        self.assertEqual(found, os.fspath(LIBRARY))

    def test_wrong_variables(self):
        code, _, text = self.pip("install", self.source, GAN_BUILD="/nonexistent")
        self.assertNotEqual(code, 0)
        self.assertIn("GAN_BUILD is wrong", text)
        self.install()
        code, _, text = self.use(GAN_LIBRARY="/nonexistent/libgan.so")
        self.assertEqual(code, 1)
        self.assertRegex(text, "ImportError: libgan was not found; name it in GAN_LIBRARY.*/nonex")

    def test_other_libraries(self):
        """Another ABI, an older release, no libgan at all: ImportError before anything is used."""
        self.install()
        for code, message in (("unsigned gan_abi_version(void) { return 99; }",
                               "has ABI version 99, this binding is for 0"),
                              ("unsigned gan_abi_version(void) { return 0; }",
                               "is older than this binding: it has no function gan_"),
                              ("int other;", "is no libgan")):
            file = self.folder / "libother.so"
            subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-x", "c", "-", "-o",
                            file], input=code, text=True, check=True)
            status, _, text = self.use(GAN_LIBRARY=os.fspath(file))
            self.assertEqual(status, 1)
            self.assertRegex(text, f"ImportError: {file} {message}")

    def test_version(self):
        """The package's is the library's."""
        self.assertIn(f'version = "{VERSION}"', (PACKAGE / "pyproject.toml").read_text())


if __name__ == "__main__":
    unittest.main()
