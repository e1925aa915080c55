#!/usr/bin/env python3
"""Writes this folder's model and sequences from the files of another training program.

Usage: python3 convert.py FOLDER

FOLDER holds digits_fdht.safetensors and digits_fdht_expected.npz.  Needs numpy.
The tensors are taken over byte for byte; model.json says how they belong together.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
OUT_MODES = [4, 4, 4, 4]
IN_MODES = [4, 8, 8, 8]
RANK = 6
INPUTS, HIDDEN, OUTPUTS = 1024, 64, 10


def tensor(name, *shape):
    """A tensor that lies in the safetensors file."""
    return {"shape": list(shape), "tensor": name}


def leaf(mode):
    """Leaf frame of one mode."""
    core = tensor(f"leaf.{mode}", OUT_MODES[mode], IN_MODES[mode], RANK)
    return {"mode": mode, "rank": RANK, "core": core}


def transfer(left, right):
    """Transfer tensor above the leaves of two modes."""
    core = tensor(f"transfer.{left}-{right}", RANK, RANK, RANK)
    return {"rank": RANK, "core": core, "left": leaf(left), "right": leaf(right)}


def model():
    """The content of model.json."""
    root = {
        "rank": 1,
        "core": tensor("root", RANK, RANK),
        "left": transfer(0, 1),
        "right": transfer(2, 3),
    }
    matrix = {
        "columns": {"kind": "input-and-hidden", "hidden_offset": INPUTS},
        "out_modes": OUT_MODES,
        "in_modes": IN_MODES,
        "factors": {"kind": "hierarchical-tucker", "tree": root},
    }
    layer = {
        "cell": "lstm",
        "inputs": INPUTS,
        "hidden": HIDDEN,
        "matrices": [matrix],
        "bias": tensor("bias", 4 * HIDDEN),
    }
    return {
        "format": "htgen-model",
        "version": 1,
        "name": "digits",
        "cores": "model.safetensors",
        "input": {"element": "u8", "shift": 9, "mean": tensor("input.mean", INPUTS)},
        "layers": [layer],
        "head": {
            "outputs": OUTPUTS,
            "weight": tensor("head.weight", OUTPUTS, HIDDEN),
            "bias": tensor("head.bias", OUTPUTS),
        },
    }


def main():
    """Copies the tensors, writes the model and the sequences."""
    source = Path(sys.argv[1])
    shutil.copyfile(source / "digits_fdht.safetensors", HERE / "model.safetensors")
    (HERE / "model.json").write_text(json.dumps(model(), indent=2) + "\n")
    expected = numpy.load(source / "digits_fdht_expected.npz")
    kept = {name: expected[name] for name in ("x", "y", "logits")}
    numpy.savez_compressed(HERE / "voices.npz", **kept)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
