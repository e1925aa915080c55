#!/bin/sh
# retrain.sh [OUT]: makes the synthetic voices and trains a model of this folder's shape on them, into
# the folder OUT.
#
# Needs espeak-ng and sox; HTGEN names the program, built with the feature `train`, when it is not on
# PATH.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

here=$(dirname "$0")
out=${1:-digits}
htgen=${HTGEN:-htgen}
command -v "$htgen" >/dev/null || { echo "retrain: $htgen is missing; HTGEN names it" >&2; exit 2; }

mkdir -p "$out"
HTGEN=$htgen "$here/make-voices.sh" "$out/voices.npz"
"$htgen" train "$out/voices.npz" --config "$here/voices.toml" --safetensors -o "$out/model.json"
