#!/usr/bin/env bash
# The training loops of the systems: a few steps each, the picture they leave, what they refuse.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
small_data data

# size_of PICTURE: "width height" of a whole grey PNG file.
size_of() {
    python3 - "$1" <<'PYTHON'
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND", "no whole PNG file"
width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
assert (depth, colour) == (8, 0), "not grey"
start, pixels = 8, b""
while start < len(data):
    length, kind = struct.unpack(">I4s", data[start:start + 8])
    pixels += data[start + 8:start + 8 + length] if kind == b"IDAT" else b""
    start += length + 12
assert len(set(zlib.decompress(pixels))) > 16, "a picture of nothing"
print(width, height)
PYTHON
}

# run SYSTEM PICTURE [OPTION...]: five steps.
run() {
    local program=$GAN_BUILD/examples/$1 picture=$2
    shift 2
    "$program" --data data --steps 5 --minutes 0 --out "$picture" "$@" >stdout 2>stderr ||
        fail "$program: exit code $? ($(tail -1 stderr))"
    grep -q "^5 generator steps; $picture" stdout || fail "$program says: $(cat stdout)"
}

for system in gan dcgan cgan pix2pix wgan wgan_gp dragan began; do
    size="298 298" # 10 x 10 cells of 28 pixels, gaps of 2
    [ $system = pix2pix ] && size="298 170" # 2 rows of outline, generated and real image
    run $system $system.png --threads 2
    [ "$(size_of $system.png)" = "$size" ] || fail "$system.png is $(size_of $system.png), not $size"
done

# The same seed gives the same picture for any number of threads, another seed another one.
run cgan again.png --threads 1
cmp cgan.png again.png || fail "another picture from the same seed"
run cgan other.png --seed 2
cmp -s cgan.png other.png && fail "the same picture from another seed"

"$GAN_BUILD/examples/wgan" --help | grep -q "Arjovsky" || fail "wgan --help"
refuses 2 "--data FOLDER is missing" "$GAN_BUILD/examples/gan"
refuses 1 "nowhere" "$GAN_BUILD/examples/gan" --data nowhere
refuses 1 "cannot write nowhere/gan.png: No such" "$GAN_BUILD/examples/gan" --data data --out nowhere/gan.png
refuses 1 "--out is no file" "$GAN_BUILD/examples/gan" --data data --out /dev/null
