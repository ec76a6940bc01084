#!/usr/bin/env bash
# Fuzzes every reader of files for so many seconds each (60), beginning with the seeds:
#
#     tests/fuzz/run.sh SECONDS [TARGET...]
#
# What it finds is added to build/fuzz/corpus; an input that fails is kept in build/fuzz/failures and
# ends the run with an error. Every run's last line is its number of executions.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. cmake/packages.sh
install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"

seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(safetensors pth png idx json checkpoint sampler)

cmake --preset fuzz
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"
build=build/fuzz
mkdir -p "$build/failures"
failed=0
for target in "${targets[@]}"; do
    mkdir -p "$build/corpus/$target"
    # Memory is bounded by the targets themselves, by the size of each input.
    "$build/tests/fuzz_$target" -max_total_time="$seconds" -max_len=8192 -timeout=20 \
        -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$build/failures/$target-" \
        "$build/corpus/$target" "tests/fuzz/seeds/$target" >"$build/$target.log" 2>&1 || failed=1
    printf '%-12s %s\n' "$target" \
        "$(sed -n 's/^stat::number_of_executed_units: */executions /p' "$build/$target.log")"
done
if [ "$failed" -ne 0 ]; then
    echo "Failures: $(ls "$build/failures")" >&2
    exit 1
fi
echo "no failures"
