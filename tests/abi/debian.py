"""debian.py BUILD LIBDIR: the Debian packages of the build, unpacked, are what the packages' names
promise, and a program can be built on them.

SPDX-License-Identifier: MIT
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import consumers
import install
import interface

MODULES = "usr/lib/python3/dist-packages"


def fields(package):
    """The control fields of a package file."""
    text = subprocess.run(["dpkg-deb", "--field", package], check=True, text=True,
                          capture_output=True).stdout
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def contents(package, folder):
    subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    return {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*")
            if not path.is_dir() or path.is_symlink()}


def main(build, libdir):
    errors = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packed = subprocess.run(
            ["cpack", "--config", f"{build}/CPackConfig.cmake", "-G", "DEB", "-B", folder, "-D",
             "CPACK_DEBIAN_COMPRESSION_TYPE=none"], text=True, capture_output=True)
        if packed.returncode:
            return interface.report([packed.stdout + packed.stderr])
        packages = {fields(path)["Package"]: path for path in folder.glob("*.deb")}
        errors += interface.compare("the packages", set(packages), "the list",
                                    {"libgan0", "libgan-dev", "python3-gan"})
        runtime = contents(packages["libgan0"], folder / "runtime")
        wanted = {f"usr/{libdir}/libgan.so.0", f"usr/{libdir}/libgan.so.{install.VERSION}"}
        errors += interface.compare("libgan0", {path for path in runtime if "/doc/" not in path},
                                    "the list", wanted)
        shlibs = subprocess.run(["dpkg-deb", "--info", packages["libgan0"], "shlibs"], text=True,
                                capture_output=True).stdout
        if not shlibs.startswith("libgan 0 libgan0 (>= "):
            errors.append(f"libgan0 has the shlibs {shlibs!r}")
        depends = fields(packages["libgan0"])["Depends"]
        errors += [f"libgan0 does not depend on {library}" for library in ("libc6", "zlib1g")
                   if library not in depends]
        for package in ("libgan-dev", "python3-gan"):
            if f"libgan0 (= {install.VERSION})" not in fields(packages[package])["Depends"]:
                errors.append(f"{package} does not depend on its libgan0")
        together = folder / "together"
        subprocess.run(["dpkg-deb", "--extract", packages["libgan0"], together], check=True)
        development = contents(packages["libgan-dev"], together) - runtime
        for path in ("include/gan.h", f"{libdir}/libgan.so", f"{libdir}/libgan.a",
                     f"{libdir}/pkgconfig/gan.pc"):
            if f"usr/{path}" not in development:
                errors.append(f"libgan-dev has no {path}")
        python = contents(packages["python3-gan"], folder / "python")
        sources = {f"{MODULES}/gan/{path.name}" for path in
                   (interface.ROOT / "bindings/python/gan").iterdir() if path.is_file()}
        errors += interface.compare("python3-gan", {path for path in python if "/doc/" not in path},
                                    "the list", sources | {f"{MODULES}/libgan-{install.VERSION}.egg-info"})
        contents(packages["python3-gan"], together)
        errors += [f"{package} has no copyright file" for package in packages
                   if not (together / f"usr/share/doc/{package}/copyright").is_file()]
        for way in ("pkg_config", "static_cmake", "python"):
            consumers.main(way, libdir, together / "usr")
    return interface.report(errors)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
