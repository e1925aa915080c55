#!/bin/sh
# retrain.sh [OUT]: draws the clips and trains this folder's smaller model again, into the folder OUT.
#
# HTGEN names the program, built with the feature `train`, when it is not on PATH.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

here=$(dirname "$0")
out=${1:-motion}
htgen=${HTGEN:-htgen}
command -v "$htgen" >/dev/null || { echo "retrain: $htgen is missing; HTGEN names it" >&2; exit 2; }

mkdir -p "$out"
"$htgen" data motion --size 64x48x3 --steps 8 --count 2000 --groups 40 -o "$out/motion.npz"
"$htgen" train "$out/motion.npz" --config "$here/train.toml" --safetensors -o "$out/model.json"
