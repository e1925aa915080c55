"""Runs htgen for measure.py and keeps its reports, and the commands that made them."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HTGEN = "target/release/htgen"
WORK = "target/measure"
VOICES = "examples/digits/voices_demo.npz"
DIGITS = f"{WORK}/digits.q.json"


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
        path = f"{WORK}/{network}.json"
        self.report(f"new_{network}", "new", "--preset", network, "-o", path)
        return path

    def emit(self, network, lanes, beat=1, target=None):
        """The folder of a design."""
        name = f"{network}_{lanes}" + (f"_{target}" if target else "")
        words = ["emit", self.model(network), "--pe", str(lanes), "--beat", str(beat)]
        words += ["--target", target] if target else []
        self.report(f"emit_{name}", *words, "-o", f"{WORK}/{name}")
        return f"{WORK}/{name}"

    def sim(self, network, lanes, beat=1, target=None):
        """The simulation in which a network's efficiency is measured."""
        folder = self.emit(network, lanes, beat, target)
        source = ["--inputs", VOICES] if network == "digits" else ["--random", "2"]
        name = f"{network}_{lanes}" + (f"_{target}" if target else "")
        return self.report(f"sim_{name}", "sim", folder, *source)


def table(head, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def verdict(holds):
    """Yes or no, for a column."""
    return "yes" if holds else "**no**"
