#!/bin/sh
# The tables of efficiency and speed: the spoken digits at several lane counts, simulated with the
# stream always ready, and the reference's sequences a second.
set -eu

cd "$(dirname "$0")/.."

HTGEN=target/release/htgen
MODEL=examples/digits/model.json
DATA=examples/digits/voices_demo.npz
OUT=target/bench

mkdir -p $OUT
"$HTGEN" quantize $MODEL --calibrate $DATA -o $OUT/model.q.json --json >$OUT/quantize.json
"$HTGEN" run $OUT/model.q.json --inputs $DATA --json >$OUT/run.json
for lanes in 4 8 16; do
  "$HTGEN" emit $OUT/model.q.json --pe $lanes -o $OUT/rtl_$lanes
  "$HTGEN" sim $OUT/rtl_$lanes --inputs $DATA --json >$OUT/sim_$lanes.json
done

python3 scripts/table.py $OUT/sim_*.json $OUT/run.json
