#!/usr/bin/env bash
# The short form of the quickstart: a few steps on a few images; the same seed gives the same run.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
small_data data

"$quickstart" --data data --steps 6 --minutes 0 --batch 16 --seed 7 --threads 2 >stdout 2>stderr
[ "$(check_run runs/quickstart)" -eq 6 ] || fail "not six lines in the log"
grep -q 'runs/quickstart' stdout || fail "the folder is not named: $(cat stdout)"
grep -q '100%' stderr || fail "no plain progress line: $(cat stderr)"
grep -q $'[\r\033]' stderr && fail "terminal codes outside a terminal"

"$quickstart" --data=data --steps=6 --minutes=0 --batch=16 --seed=7 --threads=1 --out=again/deep \
    >/dev/null 2>&1
cmp runs/quickstart/samples.png again/deep/samples.png || fail "another picture from the same seed"
cmp runs/quickstart/generator.safetensors again/deep/generator.safetensors ||
    fail "other weights from the same seed"

"$quickstart" --data data --steps 6 --minutes 0 --batch 16 --seed 8 --out other >/dev/null 2>&1
cmp -s runs/quickstart/samples.png other/samples.png && fail "the same picture from another seed"

# The time limit ends a run as well.
"$quickstart" --data data --minutes 0.02 --batch 4 --out timed >/dev/null 2>&1
[ "$(check_run timed)" -ge 1 ] || fail "no step in the time"

# The judge reads what the quickstart wrote; so short a run need not please it.
"$check_quickstart" --data data --run runs/quickstart >verdict || [ $? -eq 1 ]
counts=$(sed -nE 's/^samples per class: ([0-9 ]+);.*/\1/p' verdict)
[ $((${counts// /+})) -eq 1000 ] || fail "not 1000 samples in classes: $(cat verdict)"
grep -q "estimate of the distance" verdict || fail "no word about the log: $(cat verdict)"
