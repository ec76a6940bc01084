#!/usr/bin/env bash
# The figures of critics in short: a table of ten, the same for any number of threads, a picture.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
critics=$GAN_BUILD/examples/critic_figures
short=(--steps 30 --deep-steps 10 --width 16 --batch 32)

"$critics" "${short[@]}" >stdout 2>stderr
grep -q "100%" stderr || fail "no progress: $(cat stderr)"
[ "$(wc -l <stdout)" -eq 11 ] || fail "not ten critics: $(cat stdout)"
grep -q "nan" stdout && fail "a number is none: $(cat stdout)"

# Clipped weights are at the bounds, and few gradients are left; the penalty keeps their norm.
awk '/clipped to 0.001/ && $6 > 0.9 && $7 < 1e-3 {n++} /12  gradient penalty/ && $6 > 0.2 {n++}
     /grid .* clipped/ && NF == 11 {n++} END {exit n != 3}' stdout || fail "$(cat stdout)"
python3 -c 'import struct, sys
size = struct.unpack(">2I", open("critics.png", "rb").read()[16:24])
assert size == (3 * 128 + 2 * 4, 2 * 128 + 4), size' || fail "the picture"
"$critics" "${short[@]}" --threads 2 --out two.png 2>/dev/null | diff - stdout || fail "other numbers"
cmp critics.png two.png || fail "another picture"
refuses 2 "--width takes" "$critics" --width 0
refuses 1 "nowhere" "$critics" "${short[@]}" --out nowhere/critics.png
