#!/usr/bin/env bash
# Comparisons that papers have published, by `train` and `evaluate` on Fashion-MNIST:
#
#     examples/comparisons.sh models FOLDER    # seven systems, one generator (Lucic et al. 2018)
#     examples/comparisons.sh skips FOLDER     # U-Net against encoder and decoder (Isola et al. 2017)
#     examples/comparisons.sh balance FOLDER   # BEGAN's gamma (Berthelot et al. 2017)
#
# Each row is a run in FOLDER and a line in FOLDER/results.jsonl; the table is printed at the end.
# Called again, it keeps the lines that are there and goes on with the run that was stopped. Further
# arguments go to each `train`. BUILD names the folder of the build, DATA that of the IDX files,
# CLASSIFIER the LeNet of `evaluate`, UPDATES the discriminator's updates a row, SAMPLES the images
# that are measured.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
export LC_ALL=C # awk's numbers have points
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -ge 2 ] || {
    echo "usage: $0 models|skips|balance FOLDER [OPTIONS OF train]" >&2
    exit 2
}
what=$1 folder=$2
shift 2
programs=${BUILD:-$root/build/release}/examples
data=${DATA:-$(dirname "$(dpkg -L dataset-fashion-mnist | grep /train-images-idx3-ubyte)")}
classifier=${CLASSIFIER:-$folder/lenet.safetensors}
results=$folder/results.jsonl
given=("$@")

# number FILE NAME: its last value there, one "name": value a line or among others.
number() {
    sed -nE "s/.*\"$2\": ([^,}]+).*/\1/p" "$1" | tail -n 1
}

# balance_of LOG GAMMA: of a run's last tenth L(G(z)) / L(x), over gamma, and the least and the most
# k; the mean M of its second and of its last tenth.
balance_of() {
    awk -v gamma="$2" '
        function value(name) {
            match($0, "\"" name "\": [^,}]+")
            return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) + 0
        }
        { real[NR] = value("real_score"); fake[NR] = value("g_loss"); k[NR] = value("k"); m[NR] = value("measure") }
        END {
            tenth = int((NR + 9) / 10); least = 1
            for (i = NR - tenth + 1; i <= NR; i++) {
                x += real[i]; g += fake[i]; last += m[i]
                if (k[i] < least) least = k[i]
                if (k[i] > most) most = k[i]
            }
            for (i = tenth + 1; i <= 2 * tenth && i <= NR; i++) first += m[i]
            printf "\"balance\": %.4f, \"k_least\": %.4f, \"k_most\": %.4f, ", g / x / gamma, least, most
            printf "\"M_begin\": %.4f, \"M_end\": %.4f,", first / tenth, last / tenth
        }' "$1"
}

# A row: NAME, discriminator updates a step, MEASURES of the line, OPTIONS of train.
row() {
    local name=$1 updates=$2 measures=$3 run=$folder/$1 steps
    shift 3
    steps=$((all / updates))
    local key="{\"row\": \"$name\", \"steps\": $steps,"
    grep -qF "$key" "$results" && return
    local how=("$@" --data "$data" --size 28 --sample-every $(((steps + 19) / 20)) "${given[@]}")
    [ -f "$run/config.json" ] && how=(--resume)
    echo "$name: $steps steps" >&2
    "$programs/train" --out "$run" --steps "$steps" "${how[@]}" >&2
    "$programs/evaluate" --data "$data" --run "$run" --classifier "$classifier" \
        --samples "${SAMPLES:-10000}" >&2
    local line=$key measure
    for measure in $measures; do
        line+=" \"$measure\": $(number "$run/evaluation.json" "$measure"),"
    done
    [ -z "${gamma:-}" ] || line+=" $(balance_of "$run/log.jsonl" "$gamma")"
    echo "$line \"seconds\": $(number "$run/log.jsonl" seconds)}" >>"$results"
}

# Rates are those that the code of the paper begins with; 15,625 updates are 20 epochs of 50,000
# images by 64.
models() {
    local all=${UPDATES:-15625} measures="frechet kid precision recall"
    row mm-gan 1 "$measures" --system gan --variant lucic --loss minimax
    row ns-gan 1 "$measures" --system gan --variant lucic
    row lsgan 1 "$measures" --system gan --variant lucic --loss lsgan --lr 2e-4 --beta1 0.5
    row wgan 5 "$measures" --system wgan --variant lucic
    row wgan-gp 5 "$measures" --system wgan-gp --variant lucic
    row dragan 1 "$measures" --system dragan --variant lucic
    row began 5 "$measures" --system began --variant lucic
}

skips() {
    local all=${UPDATES:-10000} measures="l1 label_accuracy frechet"
    row u-net 1 "$measures" --system pix2pix
    row encoder-decoder 1 "$measures" --system pix2pix --no-skips
}

# coverage and recall are what there is of variety. Of small images a code of 64 numbers, as the paper
# has it for 64 x 64 pixels, reconstructs whatever is smooth: k stays 0, and the generator learns nothing.
balance() {
    local all=${UPDATES:-6000} measures="recall coverage frechet" gamma
    for gamma in 0.3 0.5 0.7; do
        row "gamma-$gamma" 1 "$measures" --system began --width 16 --latent 16 --lr 5e-4 --gamma "$gamma"
    done
}

print_table() {
    local head="" line
    while read -r line; do
        line=$(tr -d '{}",' <<<"$line")
        set -- $line # names and values in turn
        local names="" values=""
        while [ $# -ge 2 ]; do
            names+=$(printf '%-16s' "${1%:}") values+=$(printf '%-16s' "$2")
            shift 2
        done
        [ "$names" = "$head" ] || echo "$names"
        head=$names
        echo "$values"
    done <"$results"
}

case $what in
models | skips | balance) ;;
*)
    echo "$0: no comparison '$what': models, skips or balance" >&2
    exit 2
    ;;
esac
mkdir -p "$folder"
touch "$results"
"$what"
print_table
