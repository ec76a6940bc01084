#!/usr/bin/env bash
# Every system by the one program: what a run leaves, going on after it was stopped or killed, and
# what is refused.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
small_data data
tiny=(--data data --limit 64 --size 32 --width 8 --batch 8 --sample-every 20)

# run ARGUMENTS...: trains; what it says goes to stdout and stderr in the work folder.
run() {
    "$train" "$@" >stdout 2>stderr || fail "exit code $?: train $* ($(cat stderr))"
}

# check_log FOLDER STEPS [NAME...]: a line a step in order, with finite numbers of these names.
check_log() {
    python3 - "$@" <<'PYTHON' || fail "the log in $1"
import json, math, sys
folder, steps, *names = sys.argv[1:]
lines = [json.loads(line) for line in open(f"{folder}/log.jsonl")]
assert [line["step"] for line in lines] == list(range(1, int(steps) + 1)), "steps"
always = ["d_loss", "g_loss", "seconds", "epoch", "d_grad_norm", "lr_d", "images_per_second"]
for line in lines:
    for name in always + names:
        assert math.isfinite(line[name]), name
    for name in {"penalty", "wasserstein", "k", "measure", "l1"} - set(names):
        assert name not in line, name
    assert line["seconds"] >= 0
assert [l["seconds"] for l in lines] == sorted(l["seconds"] for l in lines), "seconds rise"
PYTHON
}

# check_animation FILE FRAMES: chunks with the right sums, frames and sequence numbers.
check_animation() {
    python3 - "$@" <<'PYTHON' || fail "the animation $1"
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n"
at, kinds, sequence, pixels = 8, [], [], {}
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + size]
    assert struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body)
    kinds.append(kind)
    if kind == b"IHDR": shape = struct.unpack(">2I2B", body[:10])
    if kind == b"acTL": frames = struct.unpack(">I", body[:4])[0]
    if kind in (b"fcTL", b"fdAT"): sequence.append(struct.unpack(">I", body[:4])[0])
    if kind == b"fcTL": assert struct.unpack(">2I", body[4:12]) == shape[:2]
    if kind in (b"IDAT", b"fdAT"):
        n = kinds.count(b"fcTL") - 1
        pixels[n] = pixels.get(n, b"") + body[4 * (kind == b"fdAT"):]
    at += 12 + size
assert kinds[:2] == [b"IHDR", b"acTL"] and kinds[-1] == b"IEND", kinds
assert frames == kinds.count(b"fcTL") == len(pixels) == int(sys.argv[2]), frames
assert sequence == list(range(len(sequence))), sequence
channels = {0: 1, 2: 3, 6: 4}[shape[3]]
for stream in pixels.values():
    assert len(zlib.decompress(stream)) == shape[1] * (1 + shape[0] * channels)
PYTHON
}

# ---- every system: 50 steps, then 10 more -----------------------------------------------------------

declare -A numbers=([gan]="" [dcgan]="" [cgan]="" [pix2pix]="l1" [wgan]="wasserstein"
    [wgan-gp]="penalty wasserstein" [dragan]="penalty" [began]="k measure")
for system in gan dcgan cgan pix2pix wgan wgan-gp dragan began; do
    variant=default
    [ $system = wgan ] && variant=paper # whose first steps are not a hundred times as long
    run --system $system --variant $variant "${tiny[@]}" --steps 50 --out $system
    grep -q "done after 50 steps: $system/report.html" stdout || fail "$system: $(cat stdout)"
    grep -q '100%' stderr || fail "no plain progress line: $(cat stderr)"
    grep -q $'[\r\033]' stderr && fail "terminal codes outside a terminal"
    run --out $system --steps 60 --resume
    check_log $system 60 ${numbers[$system]} # several words
    for file in generator.safetensors generator.onnx checkpoint.safetensors report.html config.json; do
        [ -s $system/$file ] || fail "$system: no $file"
    done
    [ $system = pix2pix ] || [ -s $system/gallery.png -a -s $system/interpolation.png ] ||
        fail "$system: no gallery"
    check_animation $system/animation.png 5 # after steps 0, 20, 40, 50 and 60
    [ -z "$(find $system -name '.*.tmp')" ] || fail "$system: unfinished files"
done

# ---- resumed is uninterrupted, bit for bit ----------------------------------------------------------

for system in pix2pix began; do
    for out in whole parts; do rm -rf $out; done
    run --system $system "${tiny[@]}" --sample-every 5 --steps 20 --out whole --threads 1
    run --system $system "${tiny[@]}" --sample-every 5 --steps 10 --out parts --threads 2
    run --out parts --steps 20 --resume
    cmp whole/checkpoint.safetensors parts/checkpoint.safetensors || fail "$system: other weights"
    cmp whole/generator.safetensors parts/generator.safetensors || fail "$system: other generator"
    cmp whole/samples-00000020.png parts/samples-00000020.png || fail "$system: other samples"
done

# Noise that takes random numbers, also for the gallery; rates that fall across the seam; and a kill
# has left no samples of the checkpoint's step.
noisy=(--system cgan --variant paper "${tiny[@]}" --save-every 4 --lr 0.0003 --linear-from 6 --linear-steps 16)
rm -rf whole parts
run "${noisy[@]}" --steps 16 --out whole
run "${noisy[@]}" --steps 8 --out parts
rm parts/samples-00000008.png
run --out parts --steps 16 --resume
cmp whole/checkpoint.safetensors parts/checkpoint.safetensors || fail "cgan: other weights"
grep -q '"lr": 0.0003,' whole/config.json || fail "another rate: $(cat whole/config.json)"
grep -q '"step": 16, .*"lr_d": 2.998' parts/log.jsonl || fail "no tenth of the rate: $(tail -n 1 parts/log.jsonl)"
cmp whole/gallery.png parts/gallery.png || fail "cgan: another gallery"

# ---- killed at any moment ---------------------------------------------------------------------------

run --system dcgan "${tiny[@]}" --steps 40 --out calm
for round in 1 2 3 4 5; do
    rm -rf killed
    "$train" --system dcgan "${tiny[@]}" --steps 100000 --save-every 1 --out killed >/dev/null 2>&1 &
    for _ in $(seq 200); do
        [ -f killed/config.json ] && break
        sleep 0.02
    done
    sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
    kill -9 $!
    wait $! 2>/dev/null || true
    [ -f killed/checkpoint.safetensors ] || fail "no checkpoint after a kill"
    reached=$(python3 - <<'PYTHON'
import json, struct
data = open("killed/checkpoint.safetensors", "rb").read()
size, = struct.unpack("<Q", data[:8])
begin, _ = json.loads(data[8:8 + size])["state.step"]["data_offsets"]
print(struct.unpack("<q", data[8 + size + begin:8 + size + begin + 8])[0])
PYTHON
    )
    steps=$((reached < 40 ? 40 : reached + 1))
    run --out killed --steps $steps --resume
    check_log killed $steps
    [ $steps -ne 40 ] || cmp calm/checkpoint.safetensors killed/checkpoint.safetensors ||
        fail "other weights after a kill at step $reached"
    [ -z "$(find killed -name '.*.tmp')" ] || fail "unfinished files after a kill"
    echo "round $round: killed after step $reached"
done

# ---- stopped by Ctrl-C ------------------------------------------------------------------------------

code=0
"$train" --system dcgan "${tiny[@]}" --steps 100000 --out stopped >stdout 2>stderr &
for _ in $(seq 200); do
    [ -f stopped/log.jsonl ] && [ "$(wc -l <stopped/log.jsonl)" -ge 3 ] && break
    sleep 0.05
done
refuses 1 "another run is at work in stopped" "$train" --out stopped --resume
kill -INT $!
wait $! || code=$?
[ $code -eq 130 ] || fail "exit code $code after SIGINT: $(cat stderr)"
steps=$(wc -l <stopped/log.jsonl)
[ -f "stopped/samples-$(printf %08d "$steps").png" ] || fail "no samples of the last step"
[ -s stopped/report.html ] || fail "no report"
run --out stopped --steps $((steps + 1)) --resume
check_log stopped $((steps + 1))

# ---- other sources ----------------------------------------------------------------------------------

mkdir -p classes/a classes/b pairs/A pairs/B
python3 - <<'PYTHON'
import random, struct, zlib
def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
def write(path, side):
    rows = b"".join(b"\0" + random.randbytes(4 * side) for _ in range(side))
    head = struct.pack(">2I5B", side, side, 8, 6, 0, 0, 0)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
                           chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
random.seed(1)
for i in range(8):
    for folder in ("classes/a", "classes/b", "pairs/A", "pairs/B"):
        write(f"{folder}/{i}.png", 20)
write("sheet.png", 64)
PYTHON
few=(--width 4 --batch 4 --steps 2)
run --system cgan --data classes --channels rgba "${few[@]}" --out from-classes
run --system pix2pix --data pairs --channels rgb "${few[@]}" --out from-pairs --flip
run --system dragan --data sheet.png --cell 16 --size 16 --channels rgb "${few[@]}" --out from-sheet
run --system gan --data mnist --mnist data --size 28 "${few[@]}" --out from-mnist
run --system dcgan --data classes/a --channels rgba "${few[@]}" --norm none --penalty r1 \
    --penalty-every 2 --lambda 1 --augment color,cutout --relativistic --premultiply --out sprites
run --out sprites --steps 4 --resume
grep -q 'images changed at random: colour cutout<' sprites/report.html || fail "no augmentation told"
(cd / && "$train" --out "$work/from-mnist" --steps 3 --resume) >stdout 2>stderr || fail "from elsewhere: $(cat stderr)"

# ---- refused ----------------------------------------------------------------------------------------

cp -r gan kept
new=(--system dcgan --data data --steps 1 --out new)
refuses 2 "unknown argument 'data'" "$train" data
refuses 2 "--out FOLDER is missing" "$train" --system gan --data data --steps 1
refuses 2 "--system NAME is missing" "$train" --data data --steps 1 --out new
refuses 2 "--data is missing" "$train" --system gan --steps 1 --out new
refuses 2 "--steps N is missing" "$train" --system gan --data data --out new
refuses 2 "--system is one of gan, dcgan" "$train" "${new[@]}" --system stylegan
refuses 2 "--variant is one of default, paper, code, lucic" "$train" "${new[@]}" --variant fast
refuses 2 "--channels is one of grey, rgb, rgba" "$train" "${new[@]}" --channels cmyk
refuses 2 "--batch takes a whole number from 1" "$train" "${new[@]}" --batch 0
refuses 2 "--resume and --force exclude each other" "$train" "${new[@]}" --resume --force --out gan
refuses 2 "--gamma is for began" "$train" "${new[@]}" --gamma 0.5
refuses 2 "--lambda: dcgan has no penalty" "$train" "${new[@]}" --lambda 1
refuses 2 "--latent: pix2pix has none" "$train" "${new[@]}" --system pix2pix --latent 9
refuses 2 "--variant lucic: dcgan has none" "$train" "${new[@]}" --variant lucic
refuses 2 "--no-skips is for pix2pix" "$train" "${new[@]}" --no-skips
refuses 2 "--beta1: wgan does not use Adam" "$train" "${new[@]}" --system wgan --beta1 0
refuses 2 "--augment is one of color, translation" "$train" "${new[@]}" --augment color,blur
refuses 2 "--penalty is one of none, interpolated" "$train" "${new[@]}" --penalty r2
refuses 2 "--norm is one of none, batch" "$train" "${new[@]}" --norm group
refuses 1 "norm must not be batch norm" "$train" "${new[@]}" --penalty r1
refuses 1 "premultiply needs RGBA" "$train" "${new[@]}" --premultiply
refuses 2 "--loss is one of minimax, non-saturating" "$train" "${new[@]}" --loss l2
refuses 2 "--mnist FOLDER" env -u GAN_MNIST "$train" "${new[@]}" --data mnist
refuses 2 "--cell N is missing" "$train" "${new[@]}" --data sheet.png
refuses 1 "nowhere" "$train" "${new[@]}" --data nowhere
mkdir empty bad
refuses 1 "empty" "$train" "${new[@]}" --data empty
echo "no picture" >bad/a.png
refuses 1 "bad/a.png" "$train" "${new[@]}" --data bad
refuses 1 "no labels" "$train" "${new[@]}" --system cgan --data sheet.png --cell 16
[ ! -e new ] || fail "a refused run left a folder"

refuses 1 "gan holds a run already" "$train" --system gan "${tiny[@]}" --steps 1 --out gan
refuses 1 "empty holds no run to resume" "$train" --out empty --resume --steps 5
refuses 1 "width" "$train" --out gan --steps 70 --resume --width 9
diff -r kept gan || fail "a refusal changed a run"
head -c 5000 gan/checkpoint.safetensors >kept/checkpoint.safetensors
refuses 1 "kept/checkpoint.safetensors" "$train" --out kept --steps 70 --resume
echo '{"system": 3' >kept/config.json
refuses 1 "kept/config.json" "$train" --out kept --steps 70 --resume
touch file
refuses 1 "file" "$train" "${new[@]}" --out file/run
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod a-w locked
    refuses 1 "locked" "$train" "${new[@]}" --out locked/run
fi

# A file that cannot grow, as on a full disk: the run ends with the reason, its checkpoint stays.
cp -r calm full
echo "stale" >full/samples-00000041.png # of a step that a kill has lost
(ulimit -f 200 && trap '' XFSZ && "$train" --out full --steps 4000 --resume) >stdout 2>stderr </dev/null &&
    fail "it went on without room"
grep -q "full/.*: File too large" stderr || fail "not the reason: $(cat stderr)"
[ "$(grep -c '^train: ' stderr)" -eq 1 ] || fail "not one line of message: $(cat stderr)"
run --out full --steps 40 --resume # it loads
[ ! -e full/samples-00000041.png ] || fail "a lost step's picture is left"

run --system gan "${tiny[@]}" --steps 5 --out gan --force
check_log gan 5
[ ! -e gan/samples-00000060.png ] || fail "an earlier run's samples are left"
