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

UPDATES=20 "$comparisons" balance balance "${tiny[@]}" >stdout 2>stderr || fail "$(cat stderr)"
[ "$(grep -cE '"balance": [0-9.]+, "k_least": [0-9.]+, "k_most": [0-9.]+, "M_begin": [0-9.]+, "M_end"' balance/results.jsonl)" -eq 3 ] ||
    fail "not three rows: $(cat balance/results.jsonl)"
"$GAN_PYTHON" - <<'PYTHON' || fail "$(cat balance/results.jsonl)"
import json
for line in open("balance/results.jsonl"):
    row = json.loads(line)
    log = [json.loads(entry) for entry in open(f"balance/{row['row']}/log.jsonl")]
    last = log[-2:]
    ratio = sum(e["g_loss"] for e in last) / sum(e["real_score"] for e in last)
    assert abs(row["balance"] * float(row["row"][6:]) - ratio) < 2e-3, row
    k = [round(e["k"], 4) for e in last]
    assert (row["k_least"], row["k_most"]) == (min(k), max(k)), row
    assert abs(row["M_begin"] - (log[2]["measure"] + log[3]["measure"]) / 2) < 1e-3, row
PYTHON
refuses 2 "skips or balance" "$comparisons" moduls nowhere
refuses 2 "usage" "$comparisons" models
