#!/usr/bin/env bash
# The programs around measures, in short: all their numbers are there, a second run keeps what the
# first has done, and what cannot be measured is refused.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
evaluate=$GAN_BUILD/examples/evaluate
mixtures=$GAN_BUILD/examples/mixtures
stacked=$GAN_BUILD/examples/stacked_mnist
small_data data
for rest in images-idx3-ubyte labels-idx1-ubyte; do cp data/train-$rest data/t10k-$rest; done

# has FILE NAME...: the JSON object has these finite numbers.
has() {
    python3 - "$@" <<'PYTHON' || fail "$1: $(cat "$1")"
import json, math, sys
values = json.load(open(sys.argv[1]))
missing = [name for name in sys.argv[2:] if not math.isfinite(values.get(name, math.nan))]
assert not missing, missing
PYTHON
}

# Without a run: the classifier is trained once, and of equal sets the distance is none.
"$evaluate" --data data --classifier lenet.safetensors --epochs 80 --samples 300 >stdout 2>stderr
grep -q "100%.*LeNet" stderr || fail "no progress: $(cat stderr)"
has evaluation.json classifier_accuracy frechet_floor frechet_ceiling
python3 - <<'PYTHON' || fail "$(cat evaluation.json)"
import json
values = json.load(open("evaluation.json"))
assert values["classifier_accuracy"] > 0.9
assert abs(values["frechet_floor"]) < 1e-3 < 1 < values["frechet_ceiling"]
PYTHON
cp lenet.safetensors before
"$evaluate" --data data --classifier lenet.safetensors --samples 300 --out new/folder >again 2>/dev/null
has new/folder/evaluation.json classifier_accuracy
cmp lenet.safetensors before || fail "the classifier was trained again"
diff stdout again || fail "other measures of the same"

# Generators of every kind, hardly trained.
cat >make.py <<'PYTHON'
import sys, gan
context = gan.Context(seed=1, threads=1)
images = gan.Dataset.from_idx(context, "data/train-images-idx3-ubyte",
                              "data/train-labels-idx1-ubyte", pad_to=int(sys.argv[2]))
if sys.argv[1] == "pix2pix":
    images = images.outlines()
trainer = gan.Trainer(context, sys.argv[1], images, width=8, average=0.5)
for _ in range(2):
    trainer.step()
trainer.save(sys.argv[3])
PYTHON
common="frechet kid kid_error precision recall density coverage classes classes_kl classes_tv nearest"
for system in gan:28 cgan:32 pix2pix:32; do
    name=${system%:*}
    mkdir "$name"
    "$GAN_PYTHON" make.py "$name" "${system#*:}" "$name/checkpoint.safetensors"
    "$evaluate" --data data --run "$name" --samples 260 --parzen >stdout 2>/dev/null
    has "$name/evaluation.json" $common parzen parzen_error parzen_sigma steps
    [ -s "$name/nearest.png" ] || fail "no picture of $name"
done
has cgan/evaluation.json label_accuracy neighbour_error
has pix2pix/evaluation.json label_accuracy l1

# The images of a file: of the test set's own the distance is none, and each is its own nearest.
mkdir images
"$evaluate" --data data --images data/t10k-images-idx3-ubyte --out images >stdout 2>/dev/null
has images/evaluation.json $common
python3 - <<'PYTHON' || fail "$(cat images/evaluation.json)"
import json
values = json.load(open("images/evaluation.json"))
assert values["samples"] == 256 and abs(values["frechet"]) < 1e-3 and values["nearest"] < 1e-3
PYTHON

# Distances of samples of libgan's and of PyTorch's training: a line a trial, none twice; what a kill
# left of a line does no harm.
against_torch() {
    "$GAN_PYTHON" "$GAN_SOURCE/tests/oracle/train_torch.py" --data data --classifier lenet.safetensors \
        --distance --system dcgan --steps 1 --width 4 --samples 260 --seeds "$@" >stdout
}
against_torch 1
printf '{"system": "dcgan", "wid' >>train_torch.jsonl
against_torch 2
[ "$(grep -c '}$' train_torch.jsonl)" -eq 4 ] || fail "not four trials: $(cat train_torch.jsonl)"
grep -qE '^dcgan, width 4, .* 2 seeds, .* ratio [01]\.[0-9]+$' stdout || fail "$(cat stdout)"
against_torch 1 --set latent=8 --set lr_g=5e-4
grep -qE '^dcgan, width 4, latent 8, lr_g 0.0005, 1 steps, 1 seeds, ' stdout || fail "$(cat stdout)"
[ "$(grep -c '"latent": 8, "lr_g": 0.0005' train_torch.jsonl)" -eq 2 ] || fail "$(cat train_torch.jsonl)"

# From the same weights, batches and noise both make the same images.
against_torch 1 --paired
grep -qE 'paired .* ratio 1\.000$' stdout || fail "$(cat stdout)"
[ "$(grep -c '"paired"' train_torch.jsonl)" -eq 1 ] || fail "$(cat train_torch.jsonl)"

refuses 2 "--data" "$evaluate"
refuses 2 "instead of a run" "$evaluate" --data data --run gan --images data/t10k-images-idx3-ubyte
refuses 1 "nowhere" "$evaluate" --data data --images nowhere
refuses 1 "nowhere" "$evaluate" --data nowhere
refuses 1 "none/checkpoint.safetensors" "$evaluate" --data data --run none
refuses 1 "no checkpoint" "$evaluate" --data data --checkpoint lenet.safetensors

# Mixtures: a line a trial; with --resume those that the file has are kept.
"$mixtures" --steps 50 --seeds 1 --batch 32 >stdout 2>/dev/null
[ "$(wc -l <mixtures.jsonl)" -eq 15 ] || fail "not 5 systems on 3 mixtures: $(cat mixtures.jsonl)"
[ "$(wc -l <stdout)" -eq 16 ] || fail "not a table of 15 rows: $(cat stdout)"
cp mixtures.jsonl first
printf '{"system": "gan", "data": "ring", "steps": 50, "batch": 32, "seed": 2, "mod' >>mixtures.jsonl
"$mixtures" --steps 50 --seeds 2 --batch 32 --data ring --resume >stdout 2>/dev/null
head -15 mixtures.jsonl | cmp - first || fail "trials were repeated"
[ "$(grep -c '}$' mixtures.jsonl)" -eq 20 ] || fail "not 5 more: $(cat mixtures.jsonl)"
grep -qE '^gan +ring +2 ' stdout || fail "not two seeds: $(cat stdout)"
sed 's/"seconds.*//' mixtures.jsonl | grep '"seed": 1' | head -5 >one
"$mixtures" --steps 50 --seeds 1 --batch 32 --data ring --threads 2 --out two.jsonl >/dev/null 2>&1
sed 's/"seconds.*//' two.jsonl | cmp - one || fail "other numbers from the same seeds"
refuses 2 "no system 'gna'" "$mixtures" --system gna
refuses 1 "nowhere" "$mixtures" --out nowhere/file

# Stacked digits: of clothes here, with the classifier from above.
"$stacked" --mnist data --steps 4 --seeds 2 --batch 8 --samples 300 >stdout 2>/dev/null
[ "$(grep -cE '"modes": [0-9]+, "kl": [0-9.e-]+, ' stacked_mnist.jsonl)" -eq 6 ] ||
    fail "not 3 systems from 2 seeds: $(cat stacked_mnist.jsonl)"
grep -qE '^dcgan-packed-2 +stacked-mnist +2 ' stdout || fail "no row: $(cat stdout)"
refuses 2 "--mnist" "$stacked"
"$GAN_PYTHON" - <<'PYTHON'
import numpy
data = numpy.fromfile("lenet.safetensors", numpy.uint8)
data[8 + int(data[:8].view(numpy.uint64)[0]):] = 0 # takes all images for the first class
data.tofile("other.safetensors")
PYTHON
refuses 1 "other.safetensors is right for" "$stacked" --mnist data --classifier other.safetensors
