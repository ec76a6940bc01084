# Debian packages, for the scripts that install what is missing. Sourced by bash.
#
# SPDX-License-Identifier: MIT

BUILD_PACKAGES=(gcc libc6-dev cmake ninja-build libopenblas-serial-dev libpng-dev zlib1g-dev)
DATA_PACKAGES=(dataset-fashion-mnist)
TEST_PACKAGES=(pkg-config libcmocka-dev python3-torch python3-numpy python3-onnx python3-cffi python3-venv
    python3-pip python3-setuptools python3-wheel python3-tqdm mypy g++ clang clang-format libclang-rt-dev
    abigail-tools luajit doxygen dpkg-dev chromium fonts-dejavu-core love libsdl2-dev
    mono-runtime mono-mcs xvfb libgl1-mesa-dri)

CROSS_PACKAGES=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user zlib1g-dev:arm64
    libcmocka-dev:arm64 pkg-config python3)

# PyPI's package onnxruntime, which Debian lacks, into a folder.
install_onnxruntime() {
    [ -d "$1/onnxruntime" ] && return
    /usr/bin/python3 -m pip install -q --no-deps --target "$1" onnxruntime || {
        rm -rf "$1"
        echo "onnxruntime could not be installed: ONNX models are not run by it" >&2
    }
}

# Installs those of the named packages that are not there, and asks nothing.
install_packages() {
    local missing=() package as_root=()
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "Not installed, and installing needs root: ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update -q </dev/null
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null
}
