"""Times an epoch of training of the spoken digits in htgen and in JAX, same model, batch and data.

Data are random bytes of the shape of the voices (1,440 sequences of 8 steps of 1,024 bytes): the
time of an epoch depends only on shapes. Both sides also measure the validation part after every
epoch. The time of an epoch is that of a long run less that of a short one, divided by the epochs
between them, so that starting, compiling and reading do not count; the two take turns, and the
median of the rounds is compared. Run with a Python that has jax and numpy: `make bench-train`.

Then it measures the memory of training on inputs of 57,600 values (160 x 120 x 3 bytes, H 256): the
largest resident size of the whole process, data and validation included.
"""
# SPDX-License-Identifier: MIT OR Apache-2.0

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import jax
import jax.numpy as jnp
import numpy as np

SEQUENCES, STEPS, INPUTS, HIDDEN, CLASSES, RANK, BATCH = 1440, 8, 1024, 64, 10, 6, 32
OUT_MODES, IN_MODES = [4, 4, 4, 4], [4, 8, 8, 8]
VALIDATION = 0.2
LIMIT = 1.2
# What the process of the large model may take.
LARGE_INPUTS, LARGE_OPTIMISER_STEPS, LIMIT_BYTES = 160 * 120 * 3, 4, 4 << 30
CONFIG = """
[model]
hidden = 64
out_modes = [4, 4, 4, 4]
in_modes = [4, 8, 8, 8]
rank = 6

[data]
validation = 0.2

[train]
epochs = {epochs}
batch = 32
"""

LARGE = """
[model]
hidden = 256
out_modes = [4, 4, 4, 4, 4]
in_modes = [4, 12, 10, 10, 16]
rank = 6

[train]
epochs = 1
batch = {batch}
"""
# A small process between: what this one has counts as the child's until it becomes another program.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def random_data():
    """Bytes and labels; every class has as many sequences."""
    random = np.random.default_rng(1)
    x = random.integers(0, 256, (SEQUENCES, STEPS, INPUTS), np.uint8)
    return x, (np.arange(SEQUENCES) % CLASSES).astype(np.uint8)


def start():
    """Parameters of the model, standard normal times a plain scale."""
    random = np.random.default_rng(2)
    normal = lambda *shape: jnp.asarray(0.3 * random.standard_normal(shape), jnp.float32)
    leaves = [normal(m, n, RANK) for m, n in zip(OUT_MODES, IN_MODES)]
    bias = jnp.zeros(4 * HIDDEN).at[HIDDEN:2 * HIDDEN].set(1.0)
    return {"leaves": leaves, "left": normal(RANK, RANK, RANK), "right": normal(RANK, RANK, RANK),
            "root": normal(RANK, RANK), "bias": bias, "head": normal(CLASSES, HIDDEN),
            "head_bias": jnp.zeros(CLASSES)}


def outputs(p, x):
    """The matrix is rebuilt once, x goes through it for all steps at once, h step by step."""
    a, b, c, d = p["leaves"]
    left = jnp.einsum("xpq,abp,cdq->acbdx", p["left"], a, b)
    right = jnp.einsum("xpq,abp,cdq->acbdx", p["right"], c, d)
    w = jnp.einsum("xy,abcdx,efghy->abefcdgh", p["root"], left, right)
    w = w.reshape(4 * HIDDEN, -1)
    z_x = x @ w[:, :INPUTS].T + p["bias"]
    u = w[:, INPUTS:INPUTS + HIDDEN].T

    def step(state, z_x):
        h, c = state
        i, f, g, o = jnp.split(z_x + h @ u, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zero = jnp.zeros((x.shape[0], HIDDEN))
    (h, _), _ = jax.lax.scan(step, (zero, zero), z_x.transpose(1, 0, 2))
    return h @ p["head"].T + p["head_bias"]


def prepare(x, mean):
    return (x.astype(jnp.float32) - mean) / 512.0


def loss(p, x, y, mean):
    logits = outputs(p, prepare(x, mean))
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(y.shape[0]), y])


@jax.jit
def learn(p, m, v, t, x, y, mean):
    """A step of AdamW with a limit on the gradient."""
    value, gradient = jax.value_and_grad(loss)(p, x, y, mean)
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradient)))
    gradient = jax.tree.map(lambda g: g * jnp.minimum(1.0, 1.0 / norm), gradient)
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
    change = lambda p, m, v: p * (1 - 0.01 * 0.05) - 0.01 * (m / (1 - 0.9**t)) / (
        jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return jax.tree.map(change, p, m, v), m, v, value


@jax.jit
def right(p, x, y, mean):
    return jnp.sum(jnp.argmax(outputs(p, prepare(x, mean)), axis=1) == y)


def run_jax(x, y, epochs):
    """Seconds of so many epochs, what is compiled not counted."""
    held = int(VALIDATION * SEQUENCES)
    train_x, train_y, held_x, held_y = x[held:], y[held:], x[:held], y[:held]
    mean = jnp.asarray(train_x.mean((0, 1)), jnp.float32)
    p = start()
    zeros = lambda: jax.tree.map(jnp.zeros_like, p)
    m, v, t = zeros(), zeros(), 0
    random = np.random.default_rng(3)
    began = None
    for epoch in range(epochs + 1):
        if epoch == 1:
            began = time.perf_counter()
        order = random.permutation(len(train_x))
        for first in range(0, len(order), BATCH):
            rows = order[first:first + BATCH]
            t += 1
            p, m, v, value = learn(p, m, v, float(t), train_x[rows], train_y[rows], mean)
            float(value)
        for first in range(0, held, 64):
            int(right(p, held_x[first:first + 64], held_y[first:first + 64], mean))
    return time.perf_counter() - began


def run_htgen(program, folder, epochs):
    """Seconds of a whole run of `htgen train`."""
    (folder / "train.toml").write_text(CONFIG.format(epochs=epochs))
    command = [program, "train", "data.npz", "--config", "train.toml", "-o", "model.json"]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began


def large_peak(program, folder, batch, steps):
    """Largest resident size in bytes of training the large model for an epoch of a few steps."""
    count = LARGE_OPTIMISER_STEPS * batch * 5 // 4
    x = np.random.default_rng(4).integers(0, 256, (count, steps, LARGE_INPUTS), np.uint8)
    np.savez(folder / "large.npz", x=x, y=(np.arange(count) % CLASSES).astype(np.uint8))
    (folder / "large.toml").write_text(LARGE.format(batch=batch))
    command = [sys.executable, "-c", PEAK, program, "train", "large.npz", "--config", "large.toml",
               "-o", "large.json"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return 1024 * int(done.stdout)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--htgen", default="target/release/htgen")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--epochs", type=int, default=6, help="epochs between short and long run")
    options.add_argument("--large-batch", type=int, default=16, help="sequences per step, large model")
    options.add_argument("--large-steps", type=int, default=6, help="steps of its sequences")
    arguments = options.parse_args()
    program = str(pathlib.Path(arguments.htgen).resolve())
    x, y = random_data()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        np.savez(folder / "data.npz", x=x, y=y)
        for _ in range(arguments.rounds):
            long = run_htgen(program, folder, 1 + arguments.epochs)
            ours.append((long - run_htgen(program, folder, 1)) / arguments.epochs)
            theirs.append(run_jax(x, y, arguments.epochs) / arguments.epochs)
        peak = large_peak(program, folder, arguments.large_batch, arguments.large_steps)
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(f"htgen {ours:.2f} s an epoch, JAX {jax.__version__} {theirs:.2f} s: "
          f"{ours / theirs:.2f} times, at most {LIMIT} wanted")
    print(f"{LARGE_INPUTS:,} inputs, {arguments.large_batch} sequences of {arguments.large_steps} "
          f"steps: {peak / 2**30:.2f} GiB, at most {LIMIT_BYTES >> 30} wanted")
    return 0 if ours <= LIMIT * theirs and peak <= LIMIT_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
