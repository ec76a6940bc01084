#!/usr/bin/env bash
# Installs what the tests need on Debian 12, checks the formatting, builds with gcc, clang, the
# sanitizers (of addresses and of threads) and without BLAS, and runs the tests. The last lines are
# ctest's summary of the release build.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. cmake/packages.sh

section() { printf '\n==== %s\n' "$*"; }

# Configures and builds a preset.
build() {
    section "build: $1"
    cmake --preset "$1" -DGAN_TESTS=ON
    cmake --build --preset "$1"
}

section packages
install_packages "${BUILD_PACKAGES[@]}" "${DATA_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
install_onnxruntime build/onnxruntime

section format
find include lib examples tests bindings -regex '.*\.[ch]\(pp\)?' -print0 |
    xargs -0 clang-format --dry-run -Werror

build clang
build sanitize
section "test: sanitize"
ctest --preset sanitize

build tsan
section "test: tsan"
ctest --preset tsan

build noblas
section "test: noblas"
ctest --preset noblas

build release
section "test: release"
ctest --preset release
