"""consumers.py WAY LIBDIR PREFIX: builds a program on the installed library in one of the ways that
hosts do it, in a folder of its own, and runs it.

SPDX-License-Identifier: MIT
"""

import ctypes
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "consumers"
CC = [os.environ.get("CC", "cc"), "-std=c99", "-Wall", "-Wextra", "-Werror"]
CXX = [os.environ.get("CXX", "c++"), "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic"]
HOST_NAMES = ["-DHOST_NAMES"]


class Consumer:
    def __init__(self, libdir, prefix, folder):
        self.prefix, self.folder = Path(prefix).resolve(), Path(folder)
        self.libdir = self.prefix / libdir
        for source in SOURCES.iterdir():
            shutil.copy(source, folder)

    def run(self, *command, **environment):
        arguments = [str(word) for part in command for word in
                     (part if isinstance(part, list) else [part])]
        # without what would lead to a checkout
        outer = {name: value for name, value in os.environ.items() if not name.startswith("GAN_")}
        result = subprocess.run(arguments, cwd=self.folder, text=True, capture_output=True,
                                env={**outer, **environment})
        if result.returncode:
            sys.exit(f"{' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout

    def flags(self, *arguments):
        return shlex.split(self.run("pkg-config", *arguments, "gan",
                                    PKG_CONFIG_PATH=str(self.libdir / "pkgconfig")))

    def expect(self, program, shared, **environment):
        """The program runs, and needs libgan.so or does not."""
        needs = "libgan.so" in self.run("readelf", "-d", program)
        assert needs == shared, f"{program} {'needs' if needs else 'does not need'} libgan.so"
        if shared:
            environment["LD_LIBRARY_PATH"] = str(self.libdir)
        output = self.run(f"./{program}", **environment)
        assert output.endswith(": trained\n"), output


def plain(c):
    c.run(CC, "-I", c.prefix / "include", HOST_NAMES, "program.c", "-L", c.libdir, "-lgan", "-o",
          "program")
    c.expect("program", shared=True)


def pkg_config(c):
    c.run(CC, HOST_NAMES, "program.c", c.flags("--cflags", "--libs"), "-o", "program")
    c.expect("program", shared=True)


def cmake_project(c, library):
    c.run("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={c.prefix}",
          f"-DLIBRARY={library}")
    c.run("cmake", "--build", "build")
    shutil.copy(c.folder / "build/program", c.folder)


def cmake(c):
    cmake_project(c, "gan::gan")
    c.expect("program", shared=True)


def static_cmake(c):
    cmake_project(c, "gan::gan_static")
    c.expect("program", shared=False)


def static_plain(c):
    c.run(CC, "-I", c.prefix / "include", HOST_NAMES, "program.c", c.libdir / "libgan.a",
          other_libraries(c), "-o", "program")
    c.expect("program", shared=False)


def other_libraries(c):
    """What pkg-config has the static library linked with."""
    return [flag for flag in c.flags("--static", "--libs")
            if flag != "-lgan" and not flag.startswith("-L")]


def static_pkg_config(c):
    flags = c.flags("--static", "--cflags", "--libs")
    flags = [word for flag in flags for word in
             (["-Wl,-Bstatic", flag, "-Wl,-Bdynamic"] if flag == "-lgan" else [flag])]
    c.run(CC, HOST_NAMES, "program.c", flags, "-o", "program")
    c.expect("program", shared=False)


def static_whole(c):
    """No shared library at all."""
    c.run(CC, HOST_NAMES, "-static", "program.c", c.flags("--static", "--cflags", "--libs"), "-o",
          "program")
    c.expect("program", shared=False)


def plugin(c):
    """The static library inside a shared one, which shows nothing of it."""
    c.run(CC, "-fPIC", "-shared", "-fvisibility=hidden", "-I", c.prefix / "include", "plugin.c",
          c.libdir / "libgan.a", "-Wl,--exclude-libs,ALL", "-Wl,-z,defs", other_libraries(c), "-o",
          "plugin.so")
    names = [line.split()[-1] for line in
             c.run("nm", "-D", "--defined-only", "plugin.so").splitlines()]
    assert names == ["plugin_run"], names
    assert ctypes.CDLL(str(c.folder / "plugin.so")).plugin_run() == 0


def cxx(c):
    c.run(CXX, "program.cpp", c.flags("--cflags", "--libs"), "-o", "program")
    c.expect("program", shared=True)


def ctypes_alone(c):
    c.run(sys.executable, "-m", "venv", "--without-pip", "environment")
    output = c.run("environment/bin/python", "-I", "program.py", c.libdir / "libgan.so.0")
    assert output.endswith(": trained\n"), output


def python(c):
    packages = c.prefix / "lib/python3/dist-packages"
    output = c.run("/usr/bin/python3", "package.py", LD_LIBRARY_PATH=str(c.libdir),
                   PYTHONPATH=str(packages))
    assert output == f"{packages}/gan/__init__.py: trained\n", output


def lua(c):
    output = c.run("luajit", "program.lua", LD_LIBRARY_PATH=str(c.libdir),
                   LUA_PATH=f"{c.prefix}/share/lua/5.1/?.lua")
    assert output.endswith(": loaded\n"), output


WAYS = {function.__name__: function for function in
        (plain, pkg_config, cmake, static_plain, static_pkg_config, static_cmake, static_whole,
         plugin, cxx, python, lua)} | {"ctypes": ctypes_alone}


def main(way, libdir, prefix):
    with tempfile.TemporaryDirectory() as folder:
        WAYS[way](Consumer(libdir, prefix, folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
