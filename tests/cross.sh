#!/usr/bin/env bash
# Installs a compiler for aarch64 and an emulator on Debian 12, builds the library for NEON and runs the
# unit and gradient tests in the emulator, but for those that would take hours there. Not a part of run.sh.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. cmake/packages.sh

if ! dpkg --print-foreign-architectures | grep -qx arm64; then
    [ "$(id -u)" -eq 0 ] && as_root=() || as_root=(sudo)
    "${as_root[@]}" dpkg --add-architecture arm64
fi
install_packages "${BUILD_PACKAGES[@]}" "${CROSS_PACKAGES[@]}"
cmake --preset aarch64
cmake --build --preset aarch64
ctest --preset aarch64
