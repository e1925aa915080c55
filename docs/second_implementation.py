#!/usr/bin/env python3
"""The rules of numerics.md a second time, in NumPy: prints the integers that the hardware yields.

    htgen inspect model.q.json --json > plan.json
    python3 docs/second_implementation.py model.q.json plan.json data.npz [out.npz]

Reads a quantized model, the plan as `htgen inspect --json` prints it, and a data set: sequences
`x`, and `length` where they differ in length.  With `out.npz`, written by `htgen run model.q.json
--inputs data.npz --outputs out.npz`, every integer is compared; exit code 1 when one differs.
Shares no code with htgen but the table of the sigmoid, which is data.  Needs NumPy, and
safetensors for a model whose numbers lie in such a file.
"""
import json
import math
import pathlib
import sys

import numpy as np

TABLE = pathlib.Path(__file__).parent.parent / "templates/lib/ht_sigmoid.hex"


def saturate(value, bits):
    return np.clip(value, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def round_shift(value, shift):
    """Half up; a negative shift goes left."""
    if shift <= 0:
        return value << -shift
    return (value + (1 << (shift - 1))) >> shift


def to_fixed(value, frac, bits):
    """Nearest integer, half away from zero."""
    scaled = np.asarray(value, dtype=float) * 2.0**frac
    whole = np.trunc(scaled)
    whole += np.copysign(1.0, scaled) * (np.abs(scaled - whole) >= 0.5)
    return saturate(whole, bits).astype(np.int64)


class Tensor:
    """An array whose axes have names."""

    def __init__(self, names, data):
        self.names, self.data = list(names), data

    def matrix(self, first, second):
        axes = [self.names.index(n) for n in first + second]
        data = self.data.transpose(axes)
        rows = math.prod(data.shape[: len(first)])
        return data.reshape(rows, -1), data.shape[: len(first)], data.shape[len(first) :]


def contract(a, b, finish=lambda sums: sums, shared=None):
    """Sums over the shared names, row-major in the order of `a` unless given."""
    shared = shared or [n for n in a.names if n in b.names]
    left = [n for n in a.names if n not in shared]
    right = [n for n in b.names if n not in shared]
    x, rows, _ = a.matrix(left, shared)
    w, _, columns = b.matrix(shared, right)
    sums = np.zeros((x.shape[0], w.shape[1]), dtype=x.dtype)
    for k in range(x.shape[1]):  # this order decides the last bit of a float
        sums += x[:, k : k + 1] * w[k : k + 1, :]
    return Tensor(left + right, finish(sums).reshape(rows + columns))


def load(path):
    """A model file; numbers that lie beside it are put where it names them."""
    path = pathlib.Path(path)
    model = json.loads(path.read_text())
    if model.get("cores"):
        from safetensors.numpy import load_file

        put_inline(model, load_file(path.parent / model["cores"]))
    return model


def put_inline(value, tensors):
    if isinstance(value, dict) and "tensor" in value:
        named = tensors[value["tensor"]]
        assert list(named.shape) == value["shape"], value
        value["data"] = named.ravel()
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            put_inline(part, tensors)


def values(tensor):
    return np.array(tensor["data"], dtype=float)


def below(node):
    """The modes below a node, left to right."""
    return [node["mode"]] if "mode" in node else below(node["left"]) + below(node["right"])


class Network:
    """The cores of one matrix, with the names of their indices."""

    def __init__(self, layer):
        matrix = layer["matrices"][0]
        self.columns = matrix["in_modes"]
        self.rows, self.cores = [], {}
        first = next(k for k, m in enumerate(matrix["out_modes"]) if m > 1)
        for k, m in enumerate(matrix["out_modes"]):
            split = k == first and m % 4 == 0
            self.rows.append([("g", 4), (f"m{k}", m // 4)] if split else [(f"m{k}", m)])
        self.add(matrix["factors"]["tree"], None)

    def add(self, node, up):
        name = "-".join(str(m) for m in below(node))
        if "mode" in node:
            k = node["mode"]
            axes, title = self.rows[k] + [(f"n{k}", self.columns[k])], f"leaf.{k}"
            axes = axes + ([(up, node["rank"])] if up else [])
        else:
            sides = [node["left"], node["right"]]
            ranks = [("r" + "-".join(map(str, below(s))), s["rank"]) for s in sides]
            axes = ([(up, node["rank"])] if up else []) + ranks
            title = f"transfer.{name}" if up else "root"
            for side, rank in zip(sides, ranks):
                self.add(side, rank[0])
        data = values(node["core"]).reshape([size for _, size in axes])
        self.cores[title] = Tensor([n for n, _ in axes], data)

    def merged(self, step):
        """The weight tensor of a step: cores in their order, neighbors first."""
        merged, *waiting = [self.cores[name] for name in step["cores"]]
        while waiting:
            touching = [bool(set(t.names) & set(merged.names)) for t in waiting]
            merged = contract(merged, waiting.pop(touching.index(True)))
        return merged

    def run(self, plan, weights, vector, finish):
        """Takes a column vector through the steps; the result is in row order."""
        names = [f"n{k}" for k in range(len(self.columns))]
        act = Tensor(names, vector.reshape(self.columns))
        for k, (step, w) in enumerate(zip(plan["steps"], weights)):
            act = contract(act, w, finish(k), step["contracted_indices"])
        rows = [name for mode in self.rows for name, _ in mode]
        return act.matrix(rows, [])[0].ravel()


class Activation:
    def __init__(self):
        words = [int(t.split("//")[0], 16) for t in TABLE.read_text().splitlines()[1:]]
        self.base = np.array([16384 + (w & 16383) for w in words])
        self.slope = np.array([w >> 14 for w in words])

    def sigmoid(self, z):
        a = np.minimum(np.abs(z), 32767)
        y = self.base[a >> 7] + round_shift(self.slope[a >> 7] * (a & 127), 7)
        return np.where(z < 0, 32768 - y, y)

    def tanh(self, z):
        return 2 * self.sigmoid(saturate(2 * z, 16)) - 32768


class Machine:
    def __init__(self, model, plan):
        self.layer, self.head, formats = model["layers"][0], model.get("head"), model["formats"]
        self.plan, own = plan, formats["layers"][0]
        self.act_bits, self.net = formats["activation_bits"], Network(self.layer)
        self.columns = math.prod(self.net.columns)
        kind = self.layer["matrices"][0]["columns"]
        self.offset = kind.get("hidden_offset") if kind["kind"] == "input-and-hidden" else None
        self.input, self.in_frac, self.c_frac = model["input"], own["input_frac"], own["cell_frac"]
        self.h_frac = self.in_frac if self.offset is not None else self.act_bits - 1

        merged = [self.net.merged(s) for s in plan["steps"]]
        fracs = [self.in_frac] + [s["out_frac"] for s in own["steps"]]
        self.shifts = [
            f + s["weight_frac"] - s["out_frac"] for f, s in zip(fracs, own["steps"])
        ]
        self.gate_shift = 11 - fracs[-1]
        self.weights = [
            Tensor(w.names, to_fixed(w.data, s["weight_frac"], formats["weight_bits"]))
            for w, s in zip(merged, own["steps"])
        ]
        bias = values(self.layer["bias"])
        if self.input.get("mean"):
            mean = np.zeros(self.columns)
            mean[: self.layer["inputs"]] = values(self.input["mean"]) * 2.0 ** -self.input["shift"]
            rounded = [
                Tensor(w.names, w.data * 2.0 ** -s["weight_frac"])
                for w, s in zip(self.weights, own["steps"])
            ]
            bias = bias - self.net.run(plan, rounded, mean, lambda k: lambda sums: sums)
        self.bias = to_fixed(bias, fracs[-1], 16)
        if self.head:
            own = formats["head"]
            w = values(self.head["weight"]).reshape(self.head["weight"]["shape"])
            self.head_weights = to_fixed(w, own["weight_frac"], formats["weight_bits"])
            self.head_bias = to_fixed(values(self.head["bias"]), own["out_frac"], 16)
            self.head_shift = self.h_frac + own["weight_frac"] - own["out_frac"]
        self.f = Activation()
        self.reset()

    def reset(self):
        self.h = np.zeros(self.layer["hidden"], dtype=np.int64)
        self.c = np.zeros(self.layer["hidden"], dtype=np.int64)

    def words(self, x):
        if self.input["element"] == "u8":
            shift = self.input["shift"] - self.in_frac
            return saturate(round_shift(x.astype(np.int64), shift), self.act_bits)
        scaled = x.astype(float) * 2.0 ** (self.in_frac - self.input["shift"])
        return saturate(np.floor(scaled + 0.5), self.act_bits).astype(np.int64)

    def step(self, x):
        vector = np.zeros(self.columns, dtype=np.int64)
        vector[: self.layer["inputs"]] = self.words(x.ravel())
        if self.offset is not None:
            vector[self.offset : self.offset + len(self.h)] = self.h
        last = len(self.shifts) - 1
        bits = [self.act_bits] * last + [16]
        finish = lambda k: lambda sums: saturate(round_shift(sums, self.shifts[k]), bits[k])
        z = self.net.run(self.plan, self.weights, vector, finish)
        z = saturate((z + self.bias) << self.gate_shift, 16)
        i, f, g, o = z.reshape(4, -1)
        kept = round_shift(self.f.sigmoid(f) * self.c, 15)
        added = round_shift(self.f.sigmoid(i) * self.f.tanh(g), 30 - self.c_frac)
        self.c = saturate(kept + added, 16)
        t = self.f.tanh(saturate(round_shift(self.c, self.c_frac - 11), 16))
        h = round_shift(self.f.sigmoid(o) * t, 30 - self.h_frac)
        self.h = saturate(h, self.act_bits)

    def output(self):
        if not self.head:
            return self.h
        sums = round_shift(self.head_weights @ self.h, self.head_shift)
        return saturate(saturate(sums, 16) + self.head_bias, 16)


def main(model, plan, data, outputs=None):
    machine = Machine(load(model), json.loads(pathlib.Path(plan).read_text()))
    data = np.load(data)
    sequences = data["x"]
    lengths = data["length"] if "length" in data else [sequences.shape[1]] * len(sequences)
    result = []
    for sequence, length in zip(sequences, lengths):
        machine.reset()
        for x in sequence[:length]:
            machine.step(x)
        result.append(machine.output())
    result = np.array(result)
    if outputs is None:
        print(result)
        return 0
    theirs = np.load(outputs)["fixed"]
    assert result.shape == theirs.shape, f"{result.shape} outputs here, {theirs.shape} there"
    wrong = int((result != theirs).sum())
    print(f"{result.size} integers, {wrong} differ")
    return int(wrong > 0)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
