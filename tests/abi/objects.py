"""objects.py OBJECT...: the project's own objects call nothing that ends the process or prints, and
have no writable data of their own: no global state.

SPDX-License-Identifier: MIT
"""

import re
import subprocess
import sys

import interface

FORBIDDEN = re.compile(r"""^_*(abort|exit|_exit|quick_exit|atexit|assert_fail|assert_perror_fail|raise|
    printf(_chk)?|vprintf(_chk)?|fprintf(_chk)?|vfprintf(_chk)?|puts|fputs|putchar|putc|perror|
    stdout|stderr|signal|sigaction|setlocale|srand|rand|random|strtok|getenv|setenv|system)$""",
                       re.X)

# Only the creation of a context looks at the environment.
ALLOWED = {("kernels/isa.c.o", "getenv")}

# The writable sections. Sanitizers and relocated constants (.data.rel.ro) are no state of ours.
WRITABLE = re.compile(r"^(\.data|\.bss|\.tdata|\.tbss|COMMON)(\.(?!rel\.ro).*)?$")

# The lock around OpenBLAS's table of buffers, which is the process's, so the lock has to be; and that
# its handlers for forks are there.
EXPECTED = {("kernels/blas_lock.c.o", "table"), ("kernels/blas_lock.c.o", "guarded")}


def undefined(path):
    listing = subprocess.run(["nm", "-u", path], check=True, text=True, capture_output=True).stdout
    return {line.split()[-1] for line in listing.splitlines() if line.strip()}


def writable(path):
    """Objects that lie in writable sections."""
    listing = subprocess.run(["objdump", "-t", path], check=True, text=True,
                             capture_output=True).stdout
    found = []
    for line in listing.splitlines():
        match = re.match(r"^[0-9a-f]+ .{7} (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
        if match and WRITABLE.match(match.group(1)) and not match.group(2).startswith("."):
            found.append(match.group(2))
    return found


def main(objects):
    errors = [] if objects else ["no objects given"]
    sanitized = any("__asan_init" in undefined(path) for path in objects[:1])
    for path in objects:
        name = re.sub(r".*\.dir/(\./)?", "", path)
        errors += [f"{name} refers to {symbol}" for symbol in sorted(undefined(path))
                   if FORBIDDEN.match(symbol) and (name, symbol) not in ALLOWED]
        if not sanitized:
            errors += [f"{name} has the writable variable {symbol}" for symbol in writable(path)
                       if (name, symbol) not in EXPECTED]
    return interface.report(errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
