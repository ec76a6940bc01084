#!/usr/bin/env bash
# Installs what is missing on Debian 12, builds, and trains a WGAN-GP on Fashion-MNIST for about
# five minutes; the outputs go to runs/quickstart below the current folder. Further arguments go to
# the program, as in: examples/quickstart.sh --minutes 20 --out runs/longer
#
# SPDX-License-Identifier: MIT
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/cmake/packages.sh"

# Builds in the release preset's folder, as it is or, if new, without the tests and their needs.
build_quickstart() {
    cd "$root"
    [ -f build/release/build.ninja ] || cmake --preset release -DGAN_TESTS=OFF
    cmake --build --preset release --target quickstart check_quickstart
}

install_packages "${BUILD_PACKAGES[@]}" "${DATA_PACKAGES[@]}"
(build_quickstart)
images=$(dpkg -L dataset-fashion-mnist | grep /train-images-idx3-ubyte)
exec "$root/build/release/examples/quickstart" --data "$(dirname "$images")" "$@"
