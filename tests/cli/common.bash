# Sourced by the tests here: the programs, a small data set, and checks that name what failed.
# ctest sets GAN_BUILD and GAN_SOURCE.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
export LC_ALL=C # awk's numbers have points

: "${GAN_BUILD:?set it to the build folder}" "${GAN_SOURCE:?set it to the source folder}"
quickstart=$GAN_BUILD/examples/quickstart
check_quickstart=$GAN_BUILD/examples/check_quickstart
train=$GAN_BUILD/examples/train
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'echo "FAILED: $0, line $LINENO" >&2' ERR
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# small_data FOLDER: the first 256 images of Fashion-MNIST and their labels, as plain IDX files.
small_data() {
    local images
    images=$(dpkg -L dataset-fashion-mnist | grep /train-images-idx3-ubyte)
    mkdir -p "$1"
    python3 - "$(dirname "$images")" "$1" <<'PYTHON'
import gzip, struct, sys
n, source, target = 256, *sys.argv[1:]
for name, rest, item in ("train-images-idx3-ubyte", 8, 28 * 28), ("train-labels-idx1-ubyte", 0, 1):
    with gzip.open(f"{source}/{name}.gz") as whole, open(f"{target}/{name}", "wb") as part:
        magic, _ = struct.unpack(">2I", whole.read(8))
        part.write(struct.pack(">2I", magic, n) + whole.read(rest) + whole.read(n * item))
PYTHON
}

# refuses CODE TEXT COMMAND...: the command exits with CODE after one line on stderr, which holds
# TEXT, and nothing on stdout.
refuses() {
    local code=0 wanted=$1 text=$2
    shift 2
    "$@" >stdout 2>stderr </dev/null || code=$?
    [ "$code" -eq "$wanted" ] || fail "exit code $code, not $wanted: $* ($(cat stderr))"
    [ "$(wc -l <stderr)" -eq 1 ] || fail "not one line of message: $* ($(cat stderr))"
    [ ! -s stdout ] || fail "wrote on stdout: $*"
    grep -qF -- "$text" stderr || fail "no '$text' in the message of: $* ($(cat stderr))"
}

# check_run FOLDER: the three outputs of a quickstart are whole; prints the number of steps.
check_run() {
    python3 "$GAN_SOURCE/tests/cli/check_run.py" "$1" || fail "the outputs in $1"
}
