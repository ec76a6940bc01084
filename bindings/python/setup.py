"""A wheel of the package, with the shared library inside if one is given.

GAN_LIBRARY names the file, or GAN_BUILD the folder that CMake built in; with neither, the wheel is
pure Python and looks for an installed library.

SPDX-License-Identifier: MIT
"""

import os
import sysconfig
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from wheel.bdist_wheel import bdist_wheel


def library():
    """The file to carry, or None."""
    if os.environ.get("GAN_LIBRARY"):
        file = Path(os.environ["GAN_LIBRARY"])
    elif os.environ.get("GAN_BUILD"):
        file = Path(os.environ["GAN_BUILD"]) / "lib/libgan.so"
    else:
        return None
    if not file.is_file():
        raise SystemExit(f"{file} is no file: GAN_LIBRARY or GAN_BUILD is wrong")
    return file


class Build(build_py):

    def run(self):
        super().run()
        carried = Path(self.build_lib) / "gan/libgan.so"
        carried.unlink(missing_ok=True)  # an earlier build's
        if library():
            self.copy_file(os.fspath(library()), os.fspath(carried))


class Wheel(bdist_wheel):

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = not library()

    def get_tag(self):
        # ctypes does not care which Python it is.
        machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        return "py3", "none", machine if library() else "any"


setup(cmdclass={"build_py": Build, "bdist_wheel": Wheel})
