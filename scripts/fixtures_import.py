"""Makes the checkpoints in tests/data/import, with inputs and what the original layer answers.

    python3 -m venv .tools/import
    .tools/import/bin/pip install torch==2.15.0 tednet==0.1.3 safetensors==0.8.0 numpy
    .tools/import/bin/python scripts/fixtures_import.py tests/data/import

PyTorch and tednet are the packages themselves.  tensorized-rnn and TT_RNN are in no package index:
the classes `TensorizedLSTM` and `KerasTtLstm` below do what those programs do, written anew from
their layouts: the names of the parameters, the order of their axes and the arithmetic of the cell.

For NAME.safetensors there is NAME.io.npz with x (steps, inputs) and h (steps, hidden), the hidden
vectors of the last layer in double precision.  A second run gives the same bytes, but for the order
of the metadata in from_pytorch.safetensors.
"""
# SPDX-License-Identifier: MIT OR Apache-2.0

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tednet.tnn.bt_tucker import BTTLSTM
from tednet.tnn.tensor_ring import TRLSTM
from tednet.tnn.tensor_train import TTLSTM
from torch import nn

STEPS = 6


def keep(folder, name, tensors, x, h):
    """Writes the parameters in single precision, inputs and outputs beside them."""
    save_file({k: v.detach().float().contiguous() for k, v in tensors.items()},
              folder / f"{name}.safetensors")
    np.savez(folder / f"{name}.io.npz", x=x.numpy(), h=h.numpy())
    print(name, {k: tuple(v.shape) for k, v in tensors.items()})


def rounded(module):
    """The module in doubles that are exact in single precision, biases of every kind filled."""
    module = module.float()
    with torch.no_grad():
        for name, value in module.named_parameters():
            if "bias" in name:
                value.uniform_(-0.5, 0.5)
    return module.double().eval()


def inputs(n):
    return torch.randn(STEPS, n, dtype=torch.float64).float().double()


def pytorch(folder):
    class Classifier(nn.Module):
        """A layer inside a module, with a linear layer after it."""

        def __init__(self, rnn, hidden):
            super().__init__()
            self.rnn, self.fc = rnn, nn.Linear(hidden, 3)

    for name, module, n in [
        ("pytorch_lstm", Classifier(nn.LSTM(6, 4, num_layers=2), 4), 6),
        ("pytorch_gru", nn.GRU(5, 4, num_layers=2), 5),
        ("pytorch_gru_no_bias", nn.GRU(5, 3, bias=False), 5),
    ]:
        module = rounded(module)
        x = inputs(n)
        with torch.no_grad():
            h, _ = getattr(module, "rnn", module)(x[:, None])
        keep(folder, name, module.state_dict(), x, h[:, 0])
    cell = rounded(nn.GRUCell(5, 4))
    x, h, state = inputs(5), [], torch.zeros(1, 4, dtype=torch.float64)
    with torch.no_grad():
        for row in x:
            state = cell(row[None], state)
            h.append(state[0])
    keep(folder, "pytorch_gru_cell", cell.state_dict(), x, torch.stack(h))


def tednet(folder):
    arrays = lambda *lists: [np.array(values) for values in lists]
    for name, layer, n in [
        ("tednet_tt", TTLSTM(*arrays([4, 3, 5], [2, 3, 2], [2, 3])), 60),
        ("tednet_tt2", TTLSTM(*arrays([3, 4], [2, 3], [2])), 12),
        ("tednet_tr", TRLSTM(*arrays([4, 3, 5], [2, 6], [2, 3, 2, 4, 3])), 60),
        ("tednet_tr2", TRLSTM(*arrays([6], [5], [2, 3])), 6),
        ("tednet_bt", BTTLSTM(*arrays([4, 3, 5], [2, 3, 2], [2, 3, 4]), 2), 60),
    ]:
        layer = rounded(layer)
        hidden = layer.hidden_size
        zero = torch.zeros(1, hidden, dtype=torch.float64)
        x = inputs(n)
        with torch.no_grad():
            h, _ = layer(x[:, None], (zero, zero))
        keep(folder, name, layer.state_dict(), x, h[:, 0])


class Train(nn.Module):
    """y = W x + bias, W a train of cores (left, out, in, right) in a list named `parameters`."""

    def __init__(self, n, m, rank, bias=True):
        super().__init__()
        ranks = [1] + [rank] * (len(n) - 1) + [1]
        shapes = [(ranks[k], m[k], n[k], ranks[k + 1]) for k in range(len(n))]
        self.modes = n, m
        # As in the original, a module of that name among the children; the method stays a method.
        self.parameters = nn.ParameterList([nn.Parameter(0.7 * torch.randn(s)) for s in shapes])
        self.bias = nn.Parameter(torch.zeros(int(np.prod(m)))) if bias else None

    def forward(self, x):
        n, m = self.modes
        # Axes: batch, columns still to come, rows done, rank.
        y = x.reshape(len(x), -1, 1, 1)
        for core, columns, rows in zip(self._modules["parameters"], n, m):
            y = y.reshape(len(x), columns, -1, y.shape[2], core.shape[0])
            y = torch.einsum("bjcil,lmjr->bcimr", y, core)
            y = y.reshape(len(x), y.shape[1], -1, core.shape[3])
        y = y.reshape(len(x), -1)
        return y if self.bias is None else y + self.bias


class TrainPerGate(nn.Module):
    """Four trains, their products one after the other."""

    def __init__(self, n, m, rank):
        super().__init__()
        for gate in range(4):
            setattr(self, f"gate{gate}", Train(n, m, rank, bias=False))

    def forward(self, x):
        return torch.cat([getattr(self, f"gate{gate}")(x) for gate in range(4)], 1)


class Cell(nn.Module):
    def __init__(self, input_weights, hidden_weights):
        super().__init__()
        self.input_weights, self.hidden_weights = input_weights, hidden_weights

    def forward(self, x, h, c, every_fourth):
        z = self.input_weights(x) + self.hidden_weights(h)
        if every_fourth:
            i, f, g, o = z.reshape(len(z), -1, 4).unbind(2)
        else:
            i, f, g, o = z.chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class TensorizedLSTM(nn.Module):
    """tensorized-rnn's LSTM: cells `cell0`, `cell1`, ..., each with two weights."""

    def __init__(self, *cells, every_fourth=False):
        super().__init__()
        self.n_cells, self.every_fourth = len(cells), every_fourth
        for k, cell in enumerate(cells):
            setattr(self, f"cell{k}", cell)

    def forward(self, x, hidden):
        zero = torch.zeros(1, hidden, dtype=x.dtype)
        states, out = [(zero, zero)] * self.n_cells, []
        for row in x:
            value = row[None]
            for k in range(self.n_cells):
                states[k] = getattr(self, f"cell{k}")(value, *states[k], self.every_fourth)
                value = states[k][0]
            out.append(value[0])
        return torch.stack(out)


def tensorized(folder):
    plain = lambda: TensorizedLSTM(Cell(Train([2, 3, 4], [4, 2, 3], 2), Train([2, 3], [4, 6], 2)),
                                   Cell(Train([2, 3], [4, 6], 3), nn.Linear(6, 24)))
    # new_core="first" and "last" add a core with only the gates.
    first = lambda: TensorizedLSTM(Cell(Train([1, 3, 4], [4, 2, 3], 2), Train([1, 6], [4, 6], 2)))
    last = lambda **more: TensorizedLSTM(
        Cell(Train([3, 4, 1], [2, 3, 4], 2), Train([6, 1], [6, 4], 2)), **more)
    naive = lambda: TensorizedLSTM(Cell(TrainPerGate([3, 4], [2, 3], 2),
                                        TrainPerGate([2, 3], [2, 3], 2)))
    for name, layer, n in [
        ("tensorized_rnn", plain(), 24),
        ("tensorized_rnn_first", first(), 12),
        ("tensorized_rnn_last", last(), 12),
        ("tensorized_rnn_interleaved", last(every_fourth=True), 12),
        ("tensorized_rnn_naive", naive(), 12),
    ]:
        x = inputs(n)
        layer = rounded(layer)
        with torch.no_grad():
            keep(folder, name, layer.state_dict(), x, layer(x, 6))


class KerasTtLstm:
    """TT_RNN's TT_LSTM for Keras: the walk from the last core to the first over a flat vector."""

    def __init__(self, n, m, ranks):
        self.n, self.m, self.ranks = n, [4 * m[0]] + m[1:], ranks
        self.hidden = int(np.prod(m))
        self.shapes = [(n[k] * ranks[k + 1], ranks[k] * self.m[k]) for k in range(len(n))]
        single = lambda *shape: np.random.randn(*shape).astype(np.float32)
        self.weights = {
            "tt_lstm/kernel:0": 0.8 * single(sum(a * b for a, b in self.shapes)),
            "tt_lstm/recurrent_kernel:0": single(self.hidden, 4 * self.hidden),
            "tt_lstm/bias:0": single(4 * self.hidden),
        }

    def run(self, x):
        kernel, recurrent, bias = (w.astype(np.float64) for w in self.weights.values())
        hard = lambda z: np.clip(0.2 * z + 0.5, 0, 1)
        h = c = np.zeros(self.hidden)
        out = []
        for row in x:
            y, begin = row, 0
            for k in reversed(range(len(self.n))):
                size = self.shapes[k][0] * self.shapes[k][1]
                core = kernel[begin:begin + size].reshape(self.shapes[k])
                begin += size
                y = (y.reshape(-1, self.shapes[k][0]) @ core).reshape(-1, self.m[k]).T
            z = y.reshape(-1) + h @ recurrent + bias
            i, f, g, o = np.split(z, 4)
            c = hard(f) * c + hard(i) * np.tanh(g)
            h = hard(o) * np.tanh(c)
            out.append(h)
        return np.array(out)


def keras(folder):
    layer = KerasTtLstm([4, 3, 2], [2, 2, 3], [1, 2, 3, 1])
    x = np.random.randn(STEPS, 24)
    weights = {k: v.astype(np.float32) for k, v in layer.weights.items()}
    layer.weights = weights
    head = {"fc/kernel:0": np.random.randn(12, 3).astype(np.float32),
            "fc/bias:0": np.random.randn(3).astype(np.float32)}
    tensors = {k: torch.from_numpy(v) for k, v in (weights | head).items()}
    h = layer.run(x)
    keep(folder, "tt_rnn", tensors, torch.from_numpy(x), torch.from_numpy(h))
    logits = h[-1:] @ head["fc/kernel:0"].astype(float) + head["fc/bias:0"]
    np.savez(folder / "tt_rnn.io.npz", x=x, h=h, logits=logits)
    # The same as numpy.savez has it.
    names = {k: k.replace("/", ".") for k in tensors}
    np.savez(folder / "tt_rnn.npz", **{names[k]: v for k, v in (weights | head).items()})


def documented(folder):
    """The code of docs/from-pytorch.md as it stands there, run in the folder of the fixtures."""
    page = (Path(__file__).parent.parent / "docs/from-pytorch.md").read_text()
    saved = folder / "from_pytorch.safetensors"
    scope = {"saved": saved}
    for part in page.split("```python\n")[1:]:
        exec(part.split("```")[0].replace('"fdht.safetensors"', "saved"), scope)
    layer = rounded(scope["model"])
    x = inputs(20)
    with torch.no_grad():
        h, logits = layer(x)
    layer.float().save(saved)
    np.savez(folder / "from_pytorch.io.npz", x=x.numpy(), h=h.numpy(), logits=logits[None].numpy())


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in (pytorch, tednet, tensorized, keras, documented):
        torch.manual_seed(7)
        np.random.seed(7)
        make(folder)


main()
