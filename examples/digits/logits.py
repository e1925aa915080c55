"""Computes the outputs of this folder's model for its demo sequences, independently of htgen.

Usage: python3 logits.py [MODEL.json SEQUENCES.npz]

Rebuilds the whole weight matrix from its hierarchical Tucker factors and runs the LSTM in double
precision; writes the array `logits`, the outputs behind the last step of each sequence, into the
npz file. Needs numpy and safetensors. The formulas are those of docs/model-format.md.
"""
# SPDX-License-Identifier: MIT OR Apache-2.0

import json
import string
import sys
from pathlib import Path

import numpy
from safetensors.numpy import load_file

HERE = Path(__file__).resolve().parent


class Tensors:
    """Tensors of a model file, inline or in the safetensors file beside it."""

    def __init__(self, path, model):
        self.beside = load_file(path.parent / model["cores"]) if "cores" in model else {}

    def __call__(self, entry):
        data = entry["data"] if "data" in entry else self.beside[entry["tensor"]]
        return numpy.asarray(data, numpy.float64).reshape(entry["shape"])


def frame(node, tensors):
    """Frame of a node: row modes, column modes, rank; and the modes below it, in order."""
    core = tensors(node["core"])
    if "mode" in node:
        return core, [node["mode"]]
    (left, l_modes), (right, r_modes) = (frame(node[k], tensors) for k in ("left", "right"))
    core = core[None] if core.ndim == 2 else core
    letters = iter(string.ascii_letters)
    pick = lambda n: "".join(next(letters) for _ in range(n))
    r1, c1, r2, c2 = (pick(len(modes)) for modes in (l_modes, l_modes, r_modes, r_modes))
    p, q, s = pick(3)
    made = numpy.einsum(f"{p}{q}{s},{r1}{c1}{q},{r2}{c2}{s}->{r1}{r2}{c1}{c2}{p}", core, left, right)
    return made, l_modes + r_modes


def matrix(layer, tensors):
    """The weight matrix: gates times hidden rows, columns of x and then of h."""
    (factored,) = layer["matrices"]
    whole, modes = frame(factored["factors"]["tree"], tensors)
    n = len(modes)
    order = list(numpy.argsort(modes))
    whole = whole[..., 0].transpose(order + [n + k for k in order])
    rows = numpy.prod(factored["out_modes"])
    whole = whole.reshape(rows, -1)
    first = factored["columns"].get("hidden_offset", layer["inputs"])
    return whole[:, :layer["inputs"]], whole[:, first:first + layer["hidden"]]


def logits(path, x):
    """Outputs of the head behind the last step of each sequence of bytes."""
    model = json.loads(path.read_text())
    tensors = Tensors(path, model)
    (layer,), head, prepare = model["layers"], model["head"], model["input"]
    w, u = matrix(layer, tensors)
    bias = tensors(layer["bias"])
    x = (x.astype(numpy.float64) - tensors(prepare["mean"])) * 2.0 ** -prepare["shift"]
    h = c = numpy.zeros((len(x), layer["hidden"]))
    sigmoid = lambda z: 1 / (1 + numpy.exp(-z))
    for step in range(x.shape[1]):
        i, f, g, o = numpy.split(x[:, step] @ w.T + h @ u.T + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * numpy.tanh(g)
        h = sigmoid(o) * numpy.tanh(c)
    return h @ tensors(head["weight"]).T + tensors(head["bias"])


def main():
    """Writes the logits beside the sequences."""
    given = [Path(name) for name in sys.argv[1:]]
    model, data = given or (HERE / "model.json", HERE / "voices_demo.npz")
    with numpy.load(data) as arrays:
        kept = {name: arrays[name] for name in ("x", "y")}
    kept["logits"] = logits(model, kept["x"])
    right = int((kept["logits"].argmax(1) == kept["y"]).sum())
    numpy.savez_compressed(data, **kept)
    print(f"{right} of {len(kept['y'])} decided as labelled")


if __name__ == "__main__":
    main()
