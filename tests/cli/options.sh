#!/usr/bin/env bash
# --help of every program, and the benchmarks' own options.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
steps=$GAN_BUILD/tests/bench/steps

for program in \
    examples/{quickstart,check_quickstart,train,evaluate,mixtures,stacked_mnist,critic_figures} \
    examples/{gan,dcgan,cgan,pix2pix,wgan,wgan_gp,dragan,began} tests/bench/{steps,conv,epoch,scaling}; do
    "$GAN_BUILD/$program" --help >help || fail "$program --help"
    grep -q -- "--help" help || fail "$program --help says nothing"
done

refuses 2 "no workload of that name: gan-mlp-29" "$steps" --only gan-mlp-29
refuses 2 "--reps takes a whole number" "$steps" --reps 0
"$steps" --only gan-mlp-28,sample-64-b1 --reps 1 --batch 2 --threads 1 >lines
number='[0-9]+\.[0-9]{5}'
for name in gan-mlp-28 sample-64-b1; do
    grep -qE "^$name +median +$number s  min +$number s  rss +[0-9]+ MiB  live +[0-9]+ MiB" lines ||
        fail "no line for $name: $(cat lines)"
done
[ "$(wc -l <lines)" -eq 2 ] || fail "more than was asked for: $(cat lines)"
