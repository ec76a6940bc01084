#!/usr/bin/env bash
# The Python blocks of docs/tutorial.md, one after the other, are a program that learns what the text
# says.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"

sed -n '/^```python$/,/^```$/{/^```/d;p}' "$GAN_SOURCE/docs/tutorial.md" >tutorial.py
[ -s tutorial.py ] || fail "no Python blocks in docs/tutorial.md"
"${GAN_PYTHON:?}" -W error tutorial.py >stdout 2>stderr || fail "exit code $? ($(tail -1 stderr))"
cat stdout
modes=$(sed -nE 's/^modes found: ([0-9]+) of 8$/\1/p' stdout)
[ "${modes:-0}" -ge 7 ] || fail "found ${modes:-no} modes"
[ -s ring.png ] || fail "no picture"
[ -s ring.safetensors ] || fail "no weights"
grep -q '600/600' stderr || fail "no progress on stderr"
