"""Measures htgen with htgen's own commands and prints the tables of docs/results.md.

`measure.py bench` prints efficiency and speed. `measure.py results` measures everything, writes
docs/results.md and the tables in README.md. Reports are kept in target/measure; `--fresh` takes
every measurement again, otherwise one that stands there is not taken twice. `--keep-speed` leaves
the table of speed as it stands: on a machine that does other things it would mean nothing.
"""
# SPDX-License-Identifier: MIT OR Apache-2.0

import argparse
import pathlib

from reports import EXAMPLES, ROOT, VOICES, WORK, Bench, note, table, verdict

PRESETS = {"fdht-largest": "FDHT largest", "fdht-smallest": "FDHT smallest"}
# Network, lanes, elements per beat, least efficiency, board whose multipliers are to be enough.
EFFICIENCY = [
    ("digits", 4, 1, 0.95, None), ("digits", 8, 1, 0.92, None),
    ("digits", 8, 1, 0.92, "icebreaker"), ("digits", 16, 1, 0.88, None),
    ("fdht-largest", 16, 1, 0.97, None), ("fdht-largest", 64, 4, 0.93, None),
    ("fdht-smallest", 16, 1, 0.97, None), ("fdht-smallest", 64, 4, 0.93, None),
]
# Lanes at which all networks are emitted, and the elements that a beat then carries.
WIDE = [16, 64, 128, 256]
WIDE_BEAT = 16
# Multipliers of the generators whose figures stand beside those of the same LSTM here.
SAME_LANES = [4, 16, 32]
# Board, lanes, least clock in MHz or None.
BOARDS = [
    ("icebreaker", 4, 24), ("icebreaker", 8, 24), ("hx8k", 4, None),
    ("ulx3s-25f", 16, 100), ("ulx3s-85f", 32, None), ("tangnano9k", 8, None),
]
# The design whose cells are listed, and the modules of it that are the lanes.
CELLS_OF = ("ulx3s-25f", 16)
LANE_MODULES = {"ht_lanes", "ht_mac", "ht_select"}
EXACT_LANES = [1, 8, 32]
RECORDINGS = 500
RUN_OVER_SIM = 50
# The lines of README.md around its table.
MARK, END = "<!-- results -->", "<!-- /results -->"
SAME_MARK, SAME_END = "<!-- same work -->", "<!-- /same work -->"
# What others' generators were measured with: 12,288 multiplies, as the LSTM from 64 to 32 has them.
OTHERS = [
    ("NNgen 1.3.4, dense 96 to 128, only the product, 16 bit", 1, 13009, ""),
    ("the same", 32, 2745, ""),
    ("ElasticAI.creator, LSTM step 64 to 32, 8 bit", 4, 4496, "3,724 (ECP5)"),
    ("the same, unrolled and pipelined", 16, 1461, ""),
    ("the same, unrolled and pipelined", 32, 1073, ""),
]
# A network of eight modes, the most there can be.
EIGHT_MODES = ["--inputs", "6000", "--hidden", "256", "--out-modes", "4,2,2,4,2,2,2,2",
               "--in-modes", "3,3,3,3,3,3,3,3", "--rank", "4"]


def efficiency(bench):
    """Simulated efficiency of every network of the table, ends of sequences included."""
    rows = []
    for network, lanes, beat, least, target in EFFICIENCY:
        got = bench.sim(network, lanes, beat, target)
        name = PRESETS.get(network, "spoken digits") + (f", {target}" if target else "")
        rows.append([name, lanes, beat,
                     f"{got['macs_per_step']:,}", f"{got['cycles_per_step']:,.1f}",
                     verdict(got["cycles_per_step"] == got["predicted_cycles_per_step"]),
                     f"{got['efficiency']:.4f}", least, verdict(got["efficiency"] >= least),
                     f"{got['outputs_compared']:,}", verdict(got["bit_exact"])])
    return table(["network", "lanes", "elements per beat", "multiplies per step", "cycles per step",
                  "as predicted", "efficiency", "at least", "reached", "outputs compared",
                  "bit exact"], rows)


def networks(bench):
    """The examples and the presets, each shape once."""
    presets = bench.report("presets", "new", "--list")["presets"]
    names = [preset["name"] for preset in presets]
    return ["digits", *EXAMPLES, *(name for name in names if name != "digits")]


def wide(bench):
    """Predicted efficiency of all examples and presets."""
    rows = []
    for network in networks(bench):
        reports = [bench.emitted(network, lanes, WIDE_BEAT)[0] for lanes in WIDE]
        rows.append([network, f"{reports[0]['macs_per_step']:,}",
                     *(f"{report['efficiency']:.3f}" for report in reports)])
    return table(["network", "multiplies per step", *(f"{lanes} lanes" for lanes in WIDE)], rows)


def same_work(bench):
    """The LSTM from 64 to 32 compared with other generators on the same work."""
    rows = [[name, multipliers, f"{cycles:,}", f"{1228800 / cycles / multipliers:.0f} %", luts or "–"]
            for name, multipliers, cycles, luts in OTHERS]
    for lanes in SAME_LANES:
        got = bench.sim("lstm-64-32", lanes)
        name = "htgen, LSTM step 64 to 32, 8 bit" if lanes == SAME_LANES[0] else "the same"
        rows.append([name, lanes, f"{got['cycles_per_step']:,.0f}",
                     f"{100 * got['efficiency']:.0f} %", "–"])
    return table(["design", "multipliers", "cycles", "utilisation", "LUT4"], rows)


def speed(bench):
    """The tool's own speed: a ratio within one run, and processor time."""
    model = bench.model("digits")
    run = bench.report("run_voices", "run", model, "--inputs", VOICES)
    sim = bench.sim("digits", 8)
    ratio = run["sequences_per_second"] / sim["sequences_per_second"]
    largest = bench.model("fdht-largest")
    emit = bench.seconds("emit", largest, "--pe", "64", "--beat", "4", "-o", f"{WORK}/timed")
    bench.report("new_eight", "new", *EIGHT_MODES, "-o", f"{WORK}/eight.json")
    plan = bench.seconds("inspect", f"{WORK}/eight.json")
    rows = [
        ["`run` against the Verilated model at 8 lanes, sequences per second", f"{ratio:.0f} x",
         f"at least {RUN_OVER_SIM} x", verdict(ratio >= RUN_OVER_SIM)],
        ["`emit` of 57,600 inputs at 64 lanes, processor time", f"{emit:.2f} s", "below 1 s",
         verdict(emit < 1)],
        ["`inspect` (the plan) of 8 modes, processor time", f"{plan:.2f} s", "below 1 s",
         verdict(plan < 1)],
    ]
    return table(["what", "measured", "bound", "reached"], rows)


def decisions(bench, data):
    """Decisions of the fixed-point reference against float."""
    rows = []
    for name, path in [("48 synthetic voices", VOICES), ("real recordings", f"{data}/fsdd.npz")]:
        if not (ROOT / path).exists():
            note(f"skipped: {path} is not there")
            continue
        got = bench.report(f"run_{pathlib.Path(path).stem}", "run", bench.model("digits"),
                           "--inputs", path)
        share = got["decisions_equal"] / got["sequences"]
        rows.append([name, got["sequences"], f"{got['accuracy_float']:.2%}",
                     f"{got['accuracy']:.2%}", f"{got['decisions_equal']} ({share:.2%})"])
    return table(["data", "sequences", "accuracy in float", "accuracy in 8/12 bits",
                  "decided as in float"], rows)


def exactness(bench, data):
    """Simulation of real recordings, every output compared."""
    path = f"{data}/fsdd.npz"
    if not (ROOT / path).exists():
        note(f"skipped: {path} is not there")
        return ""
    rows = []
    for lanes in EXACT_LANES:
        got = bench.report(f"sim_recordings_{lanes}", "sim", bench.emit("digits", lanes),
                           "--inputs", path, "--limit", str(RECORDINGS))
        rows.append([lanes, got["sequences"], f"{got['outputs_compared']:,}",
                     verdict(got["bit_exact"]), f"{got['simulated_cycles']:,}",
                     f"{got['efficiency']:.4f}"])
    return table(["lanes", "recordings", "outputs compared", "bit exact", "clocks simulated",
                  "efficiency"], rows)


def synthesis(bench):
    """Area and clock on every board."""
    rows = []
    for board, lanes, least in BOARDS:
        folder = bench.emit("digits", lanes, target=board)
        got = bench.report(f"synth_{board}_{lanes}", "synth", folder, "--target", board)
        clock = "area only" if got["fmax_mhz"] is None else f"{got['fmax_mhz']:.1f}"
        bound = "" if least is None else least
        reached = "" if least is None else verdict(got["fmax_mhz"] >= least)
        per_second = None
        if got["fmax_mhz"] is not None:
            cycles = bench.sim("digits", lanes, target=board)["cycles_per_step"]
            per_second = got["fmax_mhz"] * 1e6 / cycles
        cells = got["logic_cells"]
        placed = "" if cells is None else f"{cells['used']:,} {cells['cell']}"
        rows.append([board, lanes, f"{got['lut4']:,}", placed, f"{got['ff']:,}", got["bram"], got["dsp"],
                     verdict(got["fits"]), clock, bound, reached,
                     "" if per_second is None else f"{per_second:,.0f}",
                     ", ".join(f"{mhz:.1f}" for mhz in got["placements_mhz"])])
    return table(["board", "lanes", "LUT4", "logic cells placed", "FF", "block RAM", "DSP", "fits", "MHz", "at least",
                  "reached", "time steps per second", "MHz of each seed tried"], rows)


def shares(bench):
    """Logic cells module by module: what the lanes take, and the rest."""
    board, lanes = CELLS_OF
    folder = bench.emit("digits", lanes, target=board)
    got = bench.report(f"cells_{board}_{lanes}", "synth", folder, "--target", board, "--cells")
    rows = got["modules"]
    listed = [[f"`{row['module']}`", row["instances"], f"{row['cells']['lut4']:,}",
               row["cells"]["ff"], row["cells"]["bram"], row["cells"]["dsp"]] for row in rows]
    own = sum(row["cells"]["lut4"] for row in rows if row["module"] in LANE_MODULES)
    total = sum(row["cells"]["lut4"] for row in rows)
    return (table(["module", "instances", "LUT4", "FF", "block RAM", "DSP"], listed)
            + f"\n\nThe lanes are {', '.join(f'`{name}`' for name in sorted(LANE_MODULES))}; "
            f"everything else takes {total - own:,} LUT4, bound 2,000, reached: "
            f"{verdict(total - own <= 2000)}.")


def digest(bench):
    """The table of README.md."""
    inspect = bench.report("inspect", "inspect", bench.model("digits"))
    sims = [bench.sim("digits", lanes) for lanes in (4, 8, 16)]
    rows = [
        ["multiplies per time step", f"{inspect['macs_per_step']:,} ({inspect['macs_dense']:,} dense, "
         f"{inspect['macs_leaf_by_leaf']:,} leaf by leaf)", "`htgen inspect`"],
    ]
    for name, path in [("48 synthetic voices", "voices_demo"), ("2,700 real recordings", "fsdd")]:
        if (bench.work / f"run_{path}.json").exists():
            got = bench.report(f"run_{path}", "run")
            rows.append([f"same decision as in float, {name}", f"{got['decisions_equal']:,}",
                         "`htgen run`"])
    differing = sum(not sim["bit_exact"] for sim in sims)
    compared = sims[0]["outputs_compared"]
    rows.append(["simulations that differ, 4, 8 and 16 lanes",
                 f"{differing}; {compared} outputs compared in each", "`htgen sim`"])
    rows.append(["cycles per time step, 4 / 8 / 16 lanes",
                 " / ".join(f"{sim['cycles_per_step']:,.0f}" for sim in sims), "`htgen sim`"])
    rows.append(["efficiency, 4 / 8 / 16 lanes",
                 " / ".join(f"{sim['efficiency']:.3f}" for sim in sims), "`htgen sim`"])
    for board, lanes, _ in BOARDS:
        got = bench.report(f"synth_{board}_{lanes}", "synth")
        if got["fmax_mhz"] is not None:
            rows.append([f"{board}, {lanes} lanes",
                         f"{got['lut4']:,} LUT4, {got['bram']} block RAM, {got['dsp']} DSP, "
                         f"{got['fmax_mhz']:.1f} MHz", f"`htgen synth --target {board}`"])
    return table(["what", "result", "command"], rows)


def kept_speed(bench):
    """The table of speed as it stands in docs/results.md, and its commands."""
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    bench.commands += [line for line in text.splitlines()
                       if line.startswith("htgen ") and line.endswith(("/timed", "/eight.json"))]
    section = text.split("\n## Speed of the tool\n", 1)[1].split("\n## ", 1)[0]
    return section.strip().split("\n\n", 1)[1]


def results(bench, data, keep_speed):
    """docs/results.md, whole."""
    parts = [
        ("Efficiency", "Multiplies / (lanes x cycles) of `htgen sim`, source always valid, sink "
         "always ready, everything included: input, head, ends of sequences.", efficiency(bench)),
        ("All networks, wide", "Efficiency as `htgen emit` predicts it inside a sequence, "
         f"{WIDE_BEAT} elements per beat, of every example and preset, whether it suits or not. "
         "`htgen sim` fails where the cycles are others.", wide(bench)),
        ("The same work as other generators", "12,288 multiplies; README.md says how to read it.",
         same_work(bench)),
        ("Decisions", "The spoken digits, 8-bit weights and 12-bit activations.",
         decisions(bench, data)),
        ("Exactness on recordings", "Free Spoken Digit Dataset, not part of this repository.",
         exactness(bench, data)),
        ("Boards", "The spoken digits; where the part has too few multipliers the element-wise "
         "unit has none. Counts without the pin harness, but for logic cells, which nextpnr places with "
         "it; time steps per second are the clock over the measured cycles of `htgen sim`; clocks of nextpnr: the "
         "first of seeds 1 to 8 to meet the board's clock, else the best. A count of "
         "block RAM or DSP other than the plan's own would have been an error.",
         synthesis(bench)),
        ("Cells by module", f"{CELLS_OF[0]}, {CELLS_OF[1]} lanes, hierarchy kept.", shares(bench)),
        ("Speed of the tool", "On the machine of this run; the ratio counts, both in one run.",
         kept_speed(bench) if keep_speed else speed(bench)),
    ]
    text = ("# Results\n\nWritten by `make results`, which runs the commands at the end; "
            "`make bench` prints the tables of efficiency and speed.\n")
    for title, about, body in parts:
        if body:
            text += f"\n## {title}\n\n{about}\n\n{body}\n"
    listed = "\n".join(dict.fromkeys(bench.commands))
    return text + f"\n## Commands\n\n```console\n{listed}\n```\n"


def put(text, mark, end, body):
    """Replaces what stands between two lines."""
    before, rest = text.split(f"{mark}\n", 1)
    after = rest.split(f"{end}\n", 1)[1]
    return f"{before}{mark}\n{body}\n{end}\n{after}"


def write(path, text):
    """Replaces a file whole."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["bench", "results"])
    parser.add_argument("--fresh", action="store_true", help="take every measurement again")
    parser.add_argument("--keep-speed", action="store_true",
                        help="leave the table of speed as it stands")
    parser.add_argument("--data", default="../shared/data", help="folder with fsdd.npz")
    args = parser.parse_args()
    bench = Bench(args.fresh)
    if args.what == "bench":
        print(efficiency(bench), speed(bench), sep="\n\n")
        return
    write(ROOT / "docs/results.md", results(bench, args.data, args.keep_speed))
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    text = put(text, MARK, END, digest(bench))
    write(readme, put(text, SAME_MARK, SAME_END, same_work(bench)))


if __name__ == "__main__":
    main()
