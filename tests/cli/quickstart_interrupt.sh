#!/usr/bin/env bash
# Ctrl-C: the step is finished, the outputs are written, the exit code is 130.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
small_data data

# interrupted SIGNAL CODE: a long run that gets SIGNAL after its third step.
interrupted() {
    local code=0 log=$1/log.jsonl
    "$quickstart" --data data --minutes 30 --batch 4 --out "$1" >stdout 2>stderr &
    for _ in $(seq 600); do
        [ -f "$log" ] && [ "$(wc -l <"$log")" -ge 3 ] && break
        sleep 0.1
    done
    kill -s "$1" $!
    wait $! || code=$?
    [ "$code" -eq "$2" ] || fail "exit code $code after $1: $(cat stderr)"
    [ "$(check_run "$1")" -ge 3 ] || fail "steps are missing from the log"
    grep -q "interrupted" stdout || fail "it does not say so: $(cat stdout)"
}

interrupted INT 130
interrupted TERM 143
