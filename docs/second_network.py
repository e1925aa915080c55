"""The matrices of a layer as cores over named indices, and how a step's cores are merged.

Second half of second_implementation.py: the sections Weights and Products of numerics.md.
"""
# SPDX-License-Identifier: MIT OR Apache-2.0
import functools
import math

import numpy as np

GATES = {"lstm": 4, "gru": 3}


class Tensor:
    """An array whose axes have names."""

    def __init__(self, names, data):
        self.names, self.data = list(names), data

    def size(self, name):
        return self.data.shape[self.names.index(name)]

    def arranged(self, *groups):
        """The values with the named axes of each group as one axis, and the shapes of the groups."""
        data = self.data.transpose([self.names.index(n) for group in groups for n in group])
        shapes = [tuple(self.size(n) for n in group) for group in groups]
        return data.reshape([math.prod(shape) for shape in shapes]), shapes


def contract(a, b, summed, batch=()):
    """Sums over `summed`, row-major; of `batch` each position has its own sums. What is left are
    the indices of `batch`, those left of `a`, those left of `b`."""
    left = [n for n in a.names if n not in summed and n not in batch]
    right = [n for n in b.names if n not in summed and n not in batch]
    x, (outer, rows, _) = a.arranged(batch, left, summed)
    w, (_, _, columns) = b.arranged(batch, summed, right)
    sums = np.zeros((x.shape[0], x.shape[1], w.shape[2]), dtype=x.dtype)
    for k in range(x.shape[2]):  # this order decides the last bit of a float
        sums += x[:, :, k : k + 1] * w[:, k : k + 1, :]
    return Tensor([*batch, *left, *right], sums.reshape(outer + rows + columns))


def values(tensor):
    return np.array(tensor["data"], dtype=float).reshape(tensor["shape"])


def below(node):
    """The modes below a node, left to right."""
    return [node["mode"]] if "mode" in node else below(node["left"]) + below(node["right"])


class Network:
    """The cores of one matrix, or of some positions of its first column mode, with the names of
    their indices."""

    def __init__(self, matrix, gates, positions=None):
        self.columns, self.rows, self.cores = list(matrix["in_modes"]), [], {}
        first = next((k for k, m in enumerate(matrix["out_modes"]) if m > 1), None)
        for k, m in enumerate(matrix["out_modes"]):
            split = k == first and m % gates == 0
            self.rows.append([("g", gates), (f"m{k}", m // gates)] if split else [(f"m{k}", m)])
        getattr(self, matrix["factors"]["kind"].replace("-", "_"))(matrix["factors"])
        if positions is not None:
            self.columns[0] = len(positions)
            for core in self.cores.values():
                if "n0" in core.names:
                    core.data = core.data.take(positions, axis=core.names.index("n0"))

    def put(self, title, names, data):
        """A core; its axis of a row mode is one of `names` for the gates and one for the rest."""
        shape = list(data.shape)
        if "g" in names:
            at = names.index("g")
            gates = dict(pair for mode in self.rows for pair in mode)["g"]
            shape[at : at + 1] = [gates, shape[at] // gates]
        self.cores[title] = Tensor(names, data.reshape(shape))

    def row(self, k):
        return [name for name, _ in self.rows[k]]

    def hierarchical_tucker(self, factors):
        self.node(factors["tree"], [])

    def node(self, node, up):
        if "mode" in node:
            k = node["mode"]
            self.put(f"leaf.{k}", [*self.row(k), f"n{k}", *up], values(node["core"]))
            return
        title = "transfer." + "-".join(map(str, below(node))) if up else "root"
        sides = [node["left"], node["right"]]
        ranks = ["r" + "-".join(map(str, below(side))) for side in sides]
        self.node(sides[0], ranks[:1])
        self.put(title, [*up, *ranks], values(node["core"]))
        self.node(sides[1], ranks[1:])

    def tensor_train(self, factors):
        last = len(factors["cores"]) - 1
        for k, core in enumerate(factors["cores"]):
            data = values(core)
            data = data[0] if k == 0 else data
            data = data[..., 0] if k == last else data
            left, right = [f"r{k}"] if k > 0 else [], [f"r{k + 1}"] if k < last else []
            self.put(f"core.{k}", [*left, *self.row(k), f"n{k}", *right], data)

    def tensor_ring(self, factors):
        cores, count = factors["cores"], len(self.columns)
        for k, core in enumerate(cores):
            mode = [f"n{k}"] if k < count else self.row(k - count)
            names = [f"r{k}", *mode, f"r{(k + 1) % len(cores)}"]
            self.put(f"core.{k}", names, values(core))

    def block_term(self, factors):
        blocks = factors["blocks"]
        block = ["b"] if len(blocks) > 1 else []
        sizes = np.max([b["core"]["shape"] for b in blocks], axis=0)

        def beside(parts, shape):
            """All blocks, filled up with zeros behind each axis."""
            whole = np.zeros((len(parts), *shape))
            for place, part in zip(whole, parts):
                place[tuple(map(slice, part.shape))] = part
            return whole if block else whole[0]

        for k, columns in enumerate(self.columns):
            parts = [values(b["factors"][k]) for b in blocks]
            data = beside(parts, [*parts[0].shape[:2], sizes[k]])
            self.put(f"factor.{k}", [*block, *self.row(k), f"n{k}", f"r{k}"], data)
        data = beside([values(b["core"]) for b in blocks], sizes)
        self.put("core", [*block, *(f"r{k}" for k in range(len(sizes)))], data)

    def dense(self, factors):
        names = [name for mode in self.rows for name, _ in mode]
        data = values(factors["weight"])
        sizes = [size for mode in self.rows for _, size in mode]
        self.cores["weight"] = Tensor(
            names + [f"n{k}" for k in range(len(self.columns))],
            data.reshape(sizes + self.columns),
        )

    def merged(self, names):
        """The weight tensor of a step: its cores merged in the pairs that multiply least."""
        cores = [self.cores[name] for name in names]
        others = [core for name, core in self.cores.items() if name not in names]
        sizes = {n: core.size(n) for core in self.cores.values() for n in core.names}

        def chosen(half):
            return [core for k, core in enumerate(cores) if half >> k & 1]

        def left(half):
            """Indices of the tensor that some cores make: ranks that all have whom they join go."""
            rest = others + [core for core in cores if core not in chosen(half)]
            kept = {n for core in rest for n in core.names}
            own = {n for core in chosen(half) for n in core.names}
            return {n for n in own if n[0] in "gmn" or n in kept}

        def connected(half):
            first, *rest = [set(core.names) for core in chosen(half)]
            while rest and any(first & core for core in rest):
                first |= set().union(*(core for core in rest if first & core))
                rest = [core for core in rest if not core <= first]
            return not rest

        @functools.cache
        def cheapest(cores):
            """Multiplies, and the half of the last pair that has the first core."""
            first = cores & -cores
            rest, found, beside = cores ^ first, None, 0
            if not rest:
                return 0, cores
            while beside != rest:
                half = first | beside
                if connected(half) and connected(cores ^ half):
                    both = left(half) | left(cores ^ half)
                    own = math.prod(sizes[n] for n in both)
                    cost = own + cheapest(half)[0] + cheapest(cores ^ half)[0]
                    if found is None or cost < found[0]:
                        found = cost, half
                beside = (beside - rest) & rest
            return found

        def merge(set_):
            half = cheapest(set_)[1]
            if half == set_:
                return chosen(set_)[0]
            a, b = merge(half), merge(set_ ^ half)
            both = [n for n in a.names if n in b.names]
            kept = left(set_)
            return contract(a, b, [n for n in both if n not in kept], [n for n in both if n in kept])

        return merge((1 << len(cores)) - 1)

    def run(self, steps, weights, vector, finish):
        """Takes a column vector through the steps; the result is in row order."""
        act = Tensor([f"n{k}" for k in range(len(self.columns))], vector.reshape(self.columns))
        for k, (step, w) in enumerate(zip(steps, weights)):
            act = contract(act, w, step["contracted_indices"], step["batch_indices"])
            act.data = finish(k, act.data)
        return act.arranged([name for mode in self.rows for name, _ in mode])[0]


def parts(layer, number):
    """The products of a layer: what is multiplied, by which network; that with x first.  The
    operand is ("x", first column of h or None) or ("h", zeros in front of h)."""
    of_x, of_h, gates = [], [], GATES[layer["cell"]]
    for matrix in layer["matrices"]:
        columns = matrix["columns"]
        if columns["kind"] == "input":
            of_x.append((("x", None), Network(matrix, gates)))
        elif columns["kind"] == "hidden":
            of_h.append((("h", 0), Network(matrix, gates)))
        else:
            offset = columns.get("hidden_offset", layer["inputs"])
            if number == 0 and layer["cell"] == "lstm":
                of_x.append((("x", offset), Network(matrix, gates)))
                continue
            p = math.prod(matrix["in_modes"][1:])
            end = offset + layer["hidden"]
            of_x.append((("x", None), Network(matrix, gates, range(-(-layer["inputs"] // p)))))
            cut = range(offset // p, -(-end // p))
            of_h.append((("h", offset % p), Network(matrix, gates, cut)))
    return of_x + of_h
