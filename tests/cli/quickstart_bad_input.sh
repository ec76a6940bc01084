#!/usr/bin/env bash
# What the quickstart refuses: one line that says why, and what was there stays as it was.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
small_data data
short=(--steps 1 --minutes 0 --batch 4)

# An earlier run, which no refusal may harm.
"$quickstart" --data data "${short[@]}" --out kept >/dev/null 2>&1
cp -r kept before

# Options.
refuses 2 "--frobnicate" "$quickstart" --data data --frobnicate
refuses 2 "unknown argument 'data'" "$quickstart" data
refuses 2 "--steps takes a value" "$quickstart" --data data --steps
refuses 2 "--steps takes a whole number" "$quickstart" --data data --steps many
refuses 2 "--steps takes a whole number" "$quickstart" --data data --steps 1e3
refuses 2 "--batch takes a whole number from 1" "$quickstart" --data data --batch 0
refuses 2 "--minutes takes a number" "$quickstart" --data data --minutes nan
refuses 2 "--minutes takes a number" "$quickstart" --data data --minutes -1
refuses 2 "--data" "$quickstart" "${short[@]}"

# Data: no folder, an empty one, files cut short, files of another kind.
refuses 1 "nowhere" "$quickstart" --data nowhere "${short[@]}" --out kept
mkdir empty text cut header gzcut flat
refuses 1 "empty/train-images-idx3-ubyte" "$quickstart" --data empty "${short[@]}" --out kept
images=data/train-images-idx3-ubyte
echo "not an IDX file" >text/train-images-idx3-ubyte
head -c 10000 $images >cut/train-images-idx3-ubyte
head -c 7 $images >header/train-images-idx3-ubyte
gzip -c $images >whole.gz
head -c 10000 whole.gz >gzcut/train-images-idx3-ubyte.gz
printf '\0\0\10\1\0\0\0\2\1\2' >flat/train-images-idx3-ubyte # rank 1, as labels have
for folder in text cut header gzcut flat; do
    refuses 1 "$folder/train-images-idx3-ubyte" \
        "$quickstart" --data $folder "${short[@]}" --out kept
done

# Outputs: a folder that cannot be made, and one whose files cannot be.
touch file
refuses 1 "file" "$quickstart" --data data "${short[@]}" --out file/run
refuses 1 "file" "$quickstart" --data data "${short[@]}" --out file
mkdir -p blocked/log.jsonl
refuses 1 "blocked/log.jsonl" "$quickstart" --data data "${short[@]}" --out blocked
refuses 1 "log" "$quickstart" --data data "${short[@]}" --out /dev/full
refuses 1 "empty" "$quickstart" --data data "${short[@]}" --out ""
refuses 1 "too long" "$quickstart" --data data "${short[@]}" --out "$(printf 'x%.0s' {1..5000})"
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod a-w locked
    refuses 1 "locked" "$quickstart" --data data "${short[@]}" --out locked/run
fi

diff -r before kept || fail "an earlier run's outputs changed"
