#!/usr/bin/env bash
# The C blocks of docs/tutorial.md, one after the other, are a program: it compiles without a
# warning as C99 and learns what the text says.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"

sed -n '/^```c$/,/^```$/{/^```/d;p}' "$GAN_SOURCE/docs/tutorial.md" >tutorial.c
[ -s tutorial.c ] || fail "no C blocks in docs/tutorial.md"
${CC:-cc} ${CFLAGS:-} -std=c99 -pedantic -O2 -Wall -Wextra -Werror -I "$GAN_SOURCE/include" \
    tutorial.c "$GAN_LIBRARY" -Wl,-rpath,"$(dirname "$GAN_LIBRARY")" -lm -o tutorial
./tutorial >stdout || fail "exit code $? ($(tail -1 stdout))"
cat stdout
modes=$(sed -nE 's/^modes found: ([0-9]+) of 8$/\1/p' stdout)
[ "${modes:-0}" -ge 7 ] || fail "found ${modes:-no} modes"
[ -s ring.png ] || fail "no picture"
