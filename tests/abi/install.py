"""install.py BUILD LIBDIR PREFIX: installs the build into an empty prefix, then moves the whole to
PREFIX. What is there is what should be, and nothing tells where it was built or installed first.

SPDX-License-Identifier: MIT
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import interface

VERSION = re.search(r"project\(libgan VERSION ([\d.]+)",
                    (interface.ROOT / "CMakeLists.txt").read_text()).group(1)


def install(build, prefix, environment=None):
    arguments = ["cmake", "--install", str(build)]
    subprocess.run(arguments + (["--prefix", str(prefix)] if prefix else []), check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})})


def wrong_links(libdir):
    """libgan.so -> libgan.so.<ABI> -> libgan.so.<release>, whose SONAME is the middle one."""
    library = libdir / f"libgan.so.{VERSION}"
    dynamic = subprocess.run(["readelf", "-d", library], check=True, text=True,
                             capture_output=True).stdout
    soname = re.search(r"SONAME.*\[(.*)\]", dynamic).group(1)
    errors = []
    for link, target in (("libgan.so", soname), (soname, library.name)):
        if not (libdir / link).is_symlink() or os.readlink(libdir / link) != target:
            errors.append(f"{link} is no link to {target}")
    if re.search(r"R(UN)?PATH", dynamic):
        errors.append("the installed library has a RUNPATH")
    return errors


def missing(prefix, libdir):
    wanted = [f"{libdir}/libgan.a", f"{libdir}/pkgconfig/gan.pc", "share/gan/gan.cdef",
              "share/gan/Gan.cs", "share/lua/5.1/gan.lua",
              f"{libdir}/cmake/gan/ganConfig.cmake", f"{libdir}/cmake/gan/ganConfigVersion.cmake",
              "share/doc/libgan/LICENSE"]
    wanted += [header.relative_to(interface.ROOT).as_posix() for header in interface.HEADERS]
    if "OpenBLAS static" in library_text(prefix / libdir):
        wanted.append("share/doc/libgan/LICENSE.OpenBLAS")
    return [f"{name} is not installed" for name in wanted if not (prefix / name).is_file()]


def library_text(libdir):
    return (libdir / "libgan.so").read_bytes().decode("latin-1")


def tell_tales(prefix, places):
    """Installed files that name one of the places."""
    return [f"{path.relative_to(prefix)} names {place}"
            for path in sorted(prefix.rglob("*")) if path.is_file() and not path.is_symlink()
            for content in [path.read_bytes()]
            for place in places if os.fsencode(place) in content]


def main(build, libdir, prefix):
    build, prefix = Path(build), Path(prefix)
    first = prefix.with_name(prefix.name + ".first")
    for folder in (first, prefix):
        shutil.rmtree(folder, ignore_errors=True)
    install(build, first)
    places = [str(first), str(interface.ROOT), str(build)]
    errors = missing(first, libdir) + wrong_links(first / libdir) + tell_tales(first, places)
    files = sorted(path.relative_to(first) for path in first.rglob("*"))
    first.rename(prefix)

    # The same below DESTDIR, where the configured prefix is a folder of it.
    staged = prefix.with_name(prefix.name + ".staged")
    shutil.rmtree(staged, ignore_errors=True)
    install(build, None, {"DESTDIR": str(staged)})
    root = next(staged.rglob("include")).parent
    if sorted(path.relative_to(root) for path in root.rglob("*")) != files:
        errors.append("DESTDIR has other files than the prefix")
    errors += wrong_links(root / libdir) + tell_tales(root, [str(staged)])
    shutil.rmtree(staged)
    return interface.report(errors)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
