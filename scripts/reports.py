"""Runs htgen for measure.py and keeps its reports, and the commands that made them."""
# SPDX-License-Identifier: MIT OR Apache-2.0

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HTGEN = os.environ.get("HTGEN", "target/release/htgen")
WORK = "target/measure"
VOICES = "examples/digits/voices_demo.npz"
DIGITS = f"{WORK}/digits.q.json"
# Models that stand in the repository.
EXAMPLES = {"motion": "examples/motion/model.json", "motion-large": "examples/motion/large.json",
            "signs": "examples/signs/model.json", "falls": "examples/falls/model.json",
            "tiny": "examples/tiny/model.json"}
# Models that are no preset: how they are made, and the widths of their integers.
NEW = {"lstm-64-32": ["--inputs", "64", "--hidden", "32", "--format", "dense", "--recurrent",
                      "dense", "--real", "--name", "lstm_64_32"]}
WIDTHS = {"lstm-64-32": ["--weight-bits", "8", "--activation-bits", "8"]}


def note(text):
    """Progress, beside the tables."""
    print(text, file=sys.stderr, flush=True)


class Bench:
    """Runs htgen and keeps its reports and the commands that made them."""

    def __init__(self, fresh):
        self.work = ROOT / WORK
        if fresh:
            shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True, exist_ok=True)
        self.commands = []

    def report(self, name, *words):
        """The report of a command; exit code 1 is an answer too."""
        self.commands.append(" ".join(["htgen", *map(shlex.quote, words)]))
        path = self.work / f"{name}.json"
        if not path.exists():
            note(f"$ {self.commands[-1]}")
            done = subprocess.run([HTGEN, *words, "--json"], cwd=ROOT, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
            if done.returncode not in (0, 1):
                sys.exit(f"{self.commands[-1]}\n{done.stderr.decode()}")
            path.write_bytes(done.stdout)
        return json.loads(path.read_text(encoding="utf-8"))

    def seconds(self, *words):
        """Processor time of a command, the least of three."""
        self.commands.append(" ".join(["htgen", *map(shlex.quote, words)]))
        note(f"$ {self.commands[-1]}")

        def once():
            before = os.times()
            subprocess.run([HTGEN, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            after = os.times()
            return (after.children_user + after.children_system
                    - before.children_user - before.children_system)

        return min(once() for _ in range(3))

    def model(self, network):
        """The model file of a network, made where it is missing."""
        if network == "digits":
            self.report("quantize", "quantize", "examples/digits/model.json", "--calibrate", VOICES,
                        "-o", DIGITS)
            return DIGITS
        if network in EXAMPLES:
            return EXAMPLES[network]
        path = f"{WORK}/{network}.json"
        words = NEW.get(network, ["--preset", network])
        self.report(f"new_{network}", "new", *words, "-o", path)
        return path

    def emitted(self, network, lanes, beat=1, target=None):
        """The report of a design, and its folder."""
        name = design(network, lanes, beat, target)
        words = ["emit", self.model(network), "--pe", str(lanes), "--beat", str(beat)]
        words += ["--target", target] if target else []
        words += WIDTHS.get(network, [])
        return self.report(f"emit_{name}", *words, "-o", f"{WORK}/{name}"), f"{WORK}/{name}"

    def emit(self, network, lanes, beat=1, target=None):
        """The folder of a design."""
        return self.emitted(network, lanes, beat, target)[1]

    def sim(self, network, lanes, beat=1, target=None):
        """The simulation in which a network's efficiency is measured."""
        folder = self.emit(network, lanes, beat, target)
        source = ["--inputs", VOICES] if network == "digits" else ["--random", "2"]
        return self.report(f"sim_{design(network, lanes, beat, target)}", "sim", folder, *source)


def design(network, lanes, beat, target):
    """The name of a design."""
    return f"{network}_{lanes}" + (f"_b{beat}" if beat > 1 else "") + (f"_{target}" if target else "")


def table(head, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def verdict(holds):
    """Yes or no, for a column."""
    return "yes" if holds else "**no**"
