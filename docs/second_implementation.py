#!/usr/bin/env python3
"""The rules of numerics.md a second time, in NumPy: prints the integers that the hardware yields.

    htgen inspect model.q.json --json > plan.json
    python3 docs/second_implementation.py model.q.json plan.json data.npz [out.npz]

Reads a quantized model of any tensor format, cell and number of layers, the plan as `htgen inspect
--json` prints it, and a data set: sequences `x`, and `length` where they differ in length.  With `out.npz`, written by `htgen run model.q.json
--inputs data.npz --outputs out.npz`, every integer is compared; exit code 1 when one differs.
Shares no code with htgen but the tables of the sigmoids, which are data.  Needs NumPy, and
safetensors for a model whose numbers lie in such a file.
"""
# SPDX-License-Identifier: MIT OR Apache-2.0
import json
import math
import pathlib
import sys

import numpy as np

sys.dont_write_bytecode = True  # no folder beside the pages
from second_network import Tensor, parts, values

TABLES = pathlib.Path(__file__).parent.parent / "templates/lib"


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


class Sigmoid:
    """One of the two tables."""

    def __init__(self, name):
        text = (TABLES / name).read_text().splitlines()[1:]
        words = [int(line.split("//")[0], 16) for line in text]
        self.base = np.array([16384 + (w & 16383) for w in words])
        self.slope = np.array([w >> 14 for w in words])

    def __call__(self, z):
        a = np.minimum(np.abs(z), 32767)
        y = self.base[a >> 7] + round_shift(self.slope[a >> 7] * (a & 127), 7)
        y = np.minimum(y, 32767)
        return np.where(z < 0, 32768 - y, y)


SIGMOID, HARD = Sigmoid("ht_sigmoid.hex"), Sigmoid("ht_hard_sigmoid.hex")


def tanh(z):
    return 2 * SIGMOID(saturate(2 * z, 16)) - 32768


class Part:
    """One product of a layer in integers."""

    def __init__(self, operand, network, steps, own, in_frac, formats):
        self.operand, self.network, self.steps = operand, network, steps
        merged = [network.merged(step["cores"]) for step in steps]
        for k, (step, w) in enumerate(zip(steps, merged)):
            assert set(w.names) == set(names_of(step)), f"step {k} brings {w.names}"
        fracs = [in_frac] + [s["out_frac"] for s in own]
        self.shifts = [f + s["weight_frac"] - s["out_frac"] for f, s in zip(fracs, own)]
        assert all(1 <= shift <= 48 for shift in self.shifts), self.shifts
        w_bits, a_bits = formats["weight_bits"], formats["activation_bits"]
        self.bits = [a_bits] * (len(steps) - 1) + [16]
        self.weight_fracs = [s["weight_frac"] for s in own]
        self.weights = [
            Tensor(w.names, to_fixed(w.data, f, w_bits)) for w, f in zip(merged, self.weight_fracs)
        ]

    def finish(self, k, sums):
        return saturate(round_shift(sums, self.shifts[k]), self.bits[k])

    def vector(self, x, h):
        """The operand: all columns."""
        kind, first = self.operand
        vector = np.zeros(math.prod(self.network.columns), dtype=x.dtype)
        if kind == "x":
            vector[: len(x)] = x
        if first is not None:
            vector[first : first + len(h)] = h
        return vector

    def __call__(self, x, h):
        return self.network.run(self.steps, self.weights, self.vector(x, h), self.finish)

    def of_mean(self, x, hidden):
        """The product in doubles with the weights as they are rounded."""
        fracs = self.weight_fracs
        rounded = [Tensor(w.names, w.data * 2.0**-f) for w, f in zip(self.weights, fracs)]
        vector = self.vector(x, np.zeros(hidden))
        return self.network.run(self.steps, rounded, vector, lambda k, sums: sums)


def names_of(step):
    return step["batch_indices"] + step["contracted_indices"] + step["out_indices"]


class Layer:
    def __init__(self, layer, own, steps, formats, h_frac):
        self.gru, self.hidden = layer["cell"] == "gru", layer["hidden"]
        self.hard = layer.get("gate_activation", "sigmoid") == "hard-sigmoid"
        self.a_bits, self.h_frac, self.c_frac = formats["activation_bits"], h_frac, own["cell_frac"]
        self.parts, taken = [], 0
        for number, (operand, network) in enumerate(parts(layer, own["number"])):
            mine = [s for s in steps if s["part"] == own["first_part"] + number]
            fracs = own["steps"][taken : taken + len(mine)]
            in_frac = own["input_frac"] if operand[0] == "x" else h_frac
            self.parts.append(Part(operand, network, mine, fracs, in_frac, formats))
            taken += len(mine)
        last = own["steps"][-1]["out_frac"]
        self.gate_shift = 11 - last
        bias = values(layer["bias"])
        if own["mean"] is not None:
            bias = bias - self.parts[0].of_mean(own["mean"], self.hidden)
        self.bias = to_fixed(bias, last, 16)
        if self.gru:
            given = layer.get("candidate_bias")
            candidate = values(given) if given else np.zeros(self.hidden)
            self.candidate_bias = to_fixed(candidate, last, 16)
        self.reset()

    def reset(self):
        self.h = np.zeros(self.hidden, dtype=np.int64)
        self.c = np.zeros(self.hidden, dtype=np.int64)

    def step(self, x):
        of_x = self.parts[0](x, self.h)
        of_h = self.parts[1](x, self.h) if len(self.parts) > 1 else np.zeros_like(of_x)
        gates = lambda *terms: saturate(sum(terms) << self.gate_shift, 16)
        if not self.gru:
            return self.lstm(gates(of_x, of_h, self.bias).reshape(4, -1))
        (x_r, x_z, x_n), (h_r, h_z, h_n) = of_x.reshape(3, -1), of_h.reshape(3, -1)
        r, z, n = self.bias.reshape(3, -1)
        sums = gates(x_r, h_r, r), gates(x_z, h_z, z), gates(h_n, self.candidate_bias), gates(x_n, n)
        return self.gru_cell(*sums)

    def lstm(self, z):
        f, (z_i, z_f, z_g, z_o), c_frac = self.sigmoid, z, self.c_frac
        kept = round_shift(f(z_f) * self.c, 15)
        self.c = saturate(kept + round_shift(f(z_i) * tanh(z_g), 30 - c_frac), 16)
        a = saturate(round_shift(self.c, c_frac - 11), 16)
        self.h = saturate(round_shift(f(z_o) * tanh(a), 30 - self.h_frac), self.a_bits)
        return self.h

    def gru_cell(self, z_r, z_z, z_h, z_x):
        f, c_frac = self.sigmoid, self.c_frac
        n = tanh(saturate(z_x + round_shift(f(z_r) * z_h, 15), 16))
        kept = round_shift(f(z_z) * self.c, 15)
        self.c = saturate(kept + round_shift((32767 - f(z_z)) * n, 30 - c_frac), 16)
        self.h = saturate(round_shift(self.c, c_frac - self.h_frac), self.a_bits)
        return self.h

    @property
    def sigmoid(self):
        return HARD if self.hard else SIGMOID


class Machine:
    def __init__(self, model, plan):
        formats, self.input = model["formats"], model["input"]
        bottom = model["layers"][0]
        self.a_bits, self.in_frac = formats["activation_bits"], formats["layers"][0]["input_frac"]
        kinds = [matrix["columns"]["kind"] for matrix in bottom["matrices"]]
        shared = bottom["cell"] == "lstm" and "input-and-hidden" in kinds
        self.h_frac = self.in_frac if shared else self.a_bits - 1
        self.layers, first_part = [], 0
        for number, (layer, own) in enumerate(zip(model["layers"], formats["layers"])):
            mean = None
            if number == 0 and self.input.get("mean"):
                mean = values(self.input["mean"]) * 2.0 ** -self.input["shift"]
            own = {**own, "number": number, "first_part": first_part, "mean": mean}
            self.layers.append(Layer(layer, own, plan["steps"], formats, self.h_frac))
            first_part += len(self.layers[-1].parts)
        self.head = model.get("head")
        if self.head:
            own, w = formats["head"], values(self.head["weight"])
            self.head_weights = to_fixed(w, own["weight_frac"], formats["weight_bits"])
            self.head_bias = to_fixed(values(self.head["bias"]), own["out_frac"], 16)
            self.head_shift = self.h_frac + own["weight_frac"] - own["out_frac"]

    def reset(self):
        for layer in self.layers:
            layer.reset()

    def words(self, x):
        if self.input["element"] == "u8":
            shift = self.input["shift"] - self.in_frac
            return saturate(round_shift(x.astype(np.int64), shift), self.a_bits)
        single = x.astype(np.float32).astype(float)  # a double is rounded to single first
        scaled = single * 2.0 ** (self.in_frac - self.input["shift"])
        return saturate(np.floor(scaled + 0.5), self.a_bits).astype(np.int64)

    def step(self, x):
        vector = self.words(x.ravel())
        for layer in self.layers:
            vector = layer.step(vector)

    def output(self):
        h = self.layers[-1].h
        if not self.head:
            return h
        sums = round_shift(self.head_weights @ h, self.head_shift)
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
