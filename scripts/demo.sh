#!/bin/sh
# The spoken-digits model from floats to a bitstream: quantize, run, emit, simulate bit by bit,
# synthesize; then one table.  Everything is written below target/demo.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

cd "$(dirname "$0")/.."

HTGEN=target/release/htgen
MODEL=examples/digits/model.json
DATA=examples/digits/voices_demo.npz
LANES=${LANES:-8}
TARGET=${TARGET:-icebreaker}
OUT=target/demo

mkdir -p $OUT
step() { printf '\n== htgen %s\n' "$*" >&2; "$HTGEN" "$@"; }

step quantize $MODEL --calibrate $DATA -o $OUT/model.q.json --json >$OUT/quantize.json
step run $OUT/model.q.json --inputs $DATA --json >$OUT/run.json
step emit $OUT/model.q.json --pe "$LANES" --target "$TARGET" -o $OUT/rtl
step sim $OUT/rtl --inputs $DATA --json >$OUT/sim.json
step synth $OUT/rtl --target "$TARGET" --json >$OUT/synth.json

python3 scripts/table.py $OUT/quantize.json $OUT/run.json $OUT/sim.json $OUT/synth.json
