#!/usr/bin/env bash
# The comparisons in short: a row each, and what is there is not done again.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
small_data data
for rest in images-idx3-ubyte labels-idx1-ubyte; do cp data/train-$rest data/t10k-$rest; done
export BUILD=$GAN_BUILD DATA=data CLASSIFIER=lenet.safetensors SAMPLES=300
comparisons=$GAN_SOURCE/examples/comparisons.sh
tiny=(--limit 64 --width 4 --batch 8 --threads 1)
"$GAN_BUILD/examples/evaluate" --data data --classifier "$CLASSIFIER" --epochs 2 --samples 300 \
    >/dev/null 2>&1

UPDATES=10 "$comparisons" models models "${tiny[@]}" >stdout 2>stderr || fail "$(cat stderr)"
[ "$(grep -cE '"frechet": [0-9.]+, .*"recall": [0-9.e-]+, "seconds": [0-9.]+}$' models/results.jsonl)" -eq 7 ] ||
    fail "not seven rows: $(cat models/results.jsonl)"
[ "$(wc -l <stdout)" -eq 8 ] || fail "not a table of seven: $(cat stdout)"
grep -q '"row": "wgan", "steps": 2,' models/results.jsonl || fail "updates are no steps"
grep -q '"row": "lsgan", "steps": 10,' models/results.jsonl || fail "steps are no updates"
grep -q '"loss": "lsgan"' models/lsgan/config.json || fail "no loss of LSGAN"

# What is there stays; a run without a line is taken up.
cp models/results.jsonl before
sed -i '/"dragan"/d' models/results.jsonl
UPDATES=10 "$comparisons" models models "${tiny[@]}" >stdout 2>stderr || fail "$(cat stderr)"
[ "$(grep -c steps stderr)" -ge 1 ] && ! grep -q "^wgan:" stderr || fail "rows done again: $(cat stderr)"
diff <(sort before) <(sort models/results.jsonl) || fail "other numbers of the same runs"

UPDATES=4 "$comparisons" skips skips "${tiny[@]}" >stdout 2>stderr || fail "$(cat stderr)"
[ "$(grep -cE '"l1": [0-9.]+, "label_accuracy": [0-9.e-]+' skips/results.jsonl)" -eq 2 ] ||
    fail "not two rows: $(cat skips/results.jsonl)"
grep -q '"no-skips": 1' skips/encoder-decoder/config.json || fail "skips in both"
refuses 2 "models or skips" "$comparisons" moduls nowhere
refuses 2 "usage" "$comparisons" models
