//! Each command end to end: the built program in a temporary folder.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Folder, keys, object};
use crate::support::needs;
use expect_test::expect;
use htgen::tool::{Run, Tool};
use serde_json::{Value, json};
use std::fs;

#[test]
fn new_prints_the_published_counts() {
    let dir = Folder::new();
    let mut rows = Vec::new();
    for preset in dir.json("new --list")["presets"].as_array().unwrap() {
        let name = preset["name"].as_str().unwrap();
        rows.push(dir.done(&format!("new --preset {name} -o model.json")));
    }
    expect![[r#"
        bt_ucf11: 3,392 parameters for 58,982,400 dense ones, 17,389 times fewer, in model.json
        digits: 1,140 parameters for 278,528 dense ones, 244 times fewer, in model.json
        fdht_largest: 8,808 parameters for 59,244,544 dense ones, 6,726 times fewer, in model.json
        fdht_smallest: 3,132 parameters for 33,554,432 dense ones, 10,713 times fewer, in model.json
        fdht_ucf11: 1,932 parameters for 59,244,544 dense ones, 30,665 times fewer, in model.json
        ht_ucf11: 1,245 parameters for 58,982,400 dense ones, 47,375 times fewer, in model.json
        ht_youtube: 810 parameters for 58,982,400 dense ones, 72,818 times fewer, in model.json
        tr_ucf11: 1,725 parameters for 58,982,400 dense ones, 34,193 times fewer, in model.json
        tt_ucf11: 3,360 parameters for 58,982,400 dense ones, 17,554 times fewer, in model.json
        tt_youtube: 3,392 parameters for 58,982,400 dense ones, 17,389 times fewer, in model.json
    "#]]
    .assert_eq(&rows.concat());
}

#[test]
fn new_takes_every_way_of_writing_a_shape() {
    let dir = Folder::new();
    let shape = "new --inputs 20 --hidden 4 --out-modes 4,2,2 --in-modes 3,4,3";
    let uniform = dir.json(&format!("{shape} --tree ((0,1),2) --rank 2 -o a.json"));
    assert_eq!(uniform["parameters"], 12 * 2 + 8 * 2 + 6 * 2 + 8 + 4);
    let pair = dir.json(&format!("{shape} --rank 3:2 --real --shift -1 -o b.json"));
    assert_eq!(pair["parameters"], 12 * 3 + 8 * 3 + 6 * 3 + 2 * 3 * 3 + 2 * 3);
    let list = format!("{shape} --rank 2,3,4,5 --hidden-offset 21 --head 7 --name seven");
    let listed = dir.json(&format!("{list} -o c.d.json"));
    assert_eq!(listed["parameters"], 12 * 3 + 8 * 4 + 6 * 5 + 2 * 3 * 4 + 2 * 5);
    assert_eq!(listed["name"], "seven");
    let input_only = dir.json(&format!("{shape} --rank 1 --input-only --bytes -o d.e.json"));
    assert_eq!((&input_only["dense_parameters"], &input_only["name"]), (&json!(320), &json!("d")));
}

#[test]
fn new_is_the_same_for_the_same_seed() {
    let dir = Folder::new();
    for (seed, file) in [(1, "a.json"), (1, "b.json"), (2, "c.json")] {
        dir.done(&format!("new --preset digits --seed {seed} -o {file}"));
    }
    let read = |name| fs::read(dir.path(name)).unwrap();
    assert_eq!(read("a.json"), read("b.json"));
    assert_ne!(read("a.json"), read("c.json"));
    dir.done("new --preset digits --safetensors -o d.json");
    assert_eq!(dir.json("inspect d.json")["parameters"], 1140);
    assert_eq!(dir.names(), ["a.json", "b.json", "c.json", "d.json", "d.safetensors"]);
}

#[test]
fn inspect_reports_the_plan() {
    let dir = Folder::new();
    dir.done("new --preset digits -o digits.json");
    let report = dir.json("inspect digits.json");
    let numbers = ["parameters", "dense_parameters", "macs_per_step", "macs_dense"];
    assert_eq!(numbers.map(|key| report[key].as_u64().unwrap()), [1140, 278_528, 130_560, 278_528]);
    assert_eq!(report["macs_leaf_by_leaf"], 1_093_632);
    assert_eq!((&report["bias"], &report["head"]), (&json!(256), &json!(650)));
    for key in ["name", "ratio", "rom_words", "peak_words", "input_words", "slabs", "steps"] {
        assert!(!report[key].is_null(), "{key}");
    }
    let whole = dir.json("inspect digits.json --keep-zero-columns");
    assert_eq!(whole["macs_per_step"], 245_760);
    let rom = report["rom_words"].as_u64().unwrap() - 1;
    let tight = dir.json(&format!("inspect digits.json --max-rom-words {rom}"));
    assert!(tight["rom_words"].as_u64().unwrap() <= rom);
    let peak = report["peak_words"].as_u64().unwrap() - 1;
    let tight = dir.json(&format!("inspect digits.json --max-buffer-words {peak}"));
    assert!(tight["peak_words"].as_u64().unwrap() <= peak);
}

#[test]
fn inspect_reports_the_published_steps() {
    let dir = Folder::new();
    dir.done("new --preset ht-ucf11 -o model.json");
    let report = dir.json("inspect model.json");
    let sizes: Vec<[u64; 4]> = report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| ["free", "contracted", "out", "macs"].map(|key| step[key].as_u64().unwrap()))
        .collect();
    assert!(sizes.iter().all(|[free, contracted, out, macs]| free * contracted * out == *macs));
    let shapes: Vec<[u64; 3]> = sizes.iter().map(|s| [s[0], s[1], s[2]]).collect();
    assert_eq!(shapes, [[5760, 10, 8], [1280, 36, 20], [640, 40, 10], [128, 50, 16], [64, 32, 16]]);
    assert_eq!(report["macs_per_step"], 1_773_568);
}

#[test]
fn inspect_dumps_every_stage() {
    let dir = Folder::new();
    dir.tiny();
    let dump = |stage: &str| dir.done(&format!("inspect tiny.json --dump {stage} --pe 2"));
    expect![[r#"
        network: 5 columns used, 2 units
          leaf.0: g=4 m0=1 n0=2 r0=2
          root: r0=2 r1=2
          leaf.1: m1=2 n1=3 r1=2
        plan: 40 multiplies per step, 40 ROM words, 0 buffer words
          s0: free - | contracted n0 n1 | new g m0 m1 | 40 multiplies, weights leaf.0 x root x leaf.1 = 40
              columns 5 of the first 2 modes -> 1 of 0
          uncut
        formats: 8-bit weights, 12-bit activations
          limits of the plan: ROM words none, buffer words none
          layer 0: input frac 11, cell frac 11
            s0: weight frac 6, out frac 11
          head: weight frac 6, out frac 13
    "#]].assert_eq(&(dump("network") + &dump("plan") + &dump("formats")));
    assert!(dump("program").starts_with("program: 2 lanes"));
}

#[test]
fn quantize_then_run() {
    let dir = Folder::new();
    dir.tiny();
    dir.data();
    let report = dir.json("quantize tiny.json --calibrate data.npz -o tiny.q.json");
    assert_eq!(
        keys(&report),
        [
            "accuracy",
            "accuracy_float",
            "balanced_accuracy",
            "balanced_accuracy_float",
            "classes",
            "clipped",
            "confused",
            "confusion",
            "confusion_float",
            "decided_by",
            "decisions_equal",
            "edges",
            "every_step",
            "file",
            "formats",
            "name",
            "outliers",
            "outputs",
            "sequences",
            "threshold",
            "vectors"
        ]
    );
    assert_eq!(report["formats"]["weight_bits"], 8);
    assert_eq!(report["formats"]["activation_bits"], 12);
    let edges: Vec<&str> =
        report["edges"].as_array().unwrap().iter().map(|e| e["edge"].as_str().unwrap()).collect();
    assert_eq!(edges.first(), Some(&"input"));
    assert_eq!(edges.last(), Some(&"output"));

    let run = dir.json("run tiny.q.json --inputs data.npz --outputs out.npz");
    assert_eq!(
        keys(&run),
        [
            "accuracy",
            "accuracy_float",
            "balanced_accuracy",
            "balanced_accuracy_float",
            "classes",
            "confused",
            "confusion",
            "confusion_float",
            "decided_by",
            "decisions_equal",
            "every_step",
            "formats",
            "inputs",
            "name",
            "outputs",
            "sequences",
            "sequences_per_second",
            "threshold",
            "vectors"
        ]
    );
    assert_eq!((&run["sequences"], &run["formats"]), (&json!(6), &json!("model")));
    for key in ["accuracy", "accuracy_float", "decisions_equal", "outputs", "confusion"] {
        assert_eq!(run[key], report[key], "{key}");
    }
    assert!(run["sequences_per_second"].as_f64().unwrap() > 0.0);
    let limited = dir.json("run tiny.q.json --inputs data.npz --limit 2");
    assert_eq!(limited["sequences"], 2);
}

#[test]
fn run_writes_integers_floats_and_decisions() {
    let dir = Folder::new();
    dir.tiny();
    dir.data();
    let ended = dir.htgen("run tiny.json --inputs data.npz --outputs out.npz --json");
    assert_eq!(object(&ended.stdout)["formats"], "interval analysis");
    assert!(
        ended.stderr.starts_with("note: tiny.json: no formats in the model"),
        "{}",
        ended.stderr
    );
    let mut npz = npyz::npz::NpzArchive::open(dir.path("out.npz")).unwrap();
    let fixed = npz.by_name("fixed").unwrap().unwrap();
    assert_eq!(fixed.shape(), [6, 3]);
    let fixed: Vec<i32> = fixed.into_vec().unwrap();
    let float = npz.by_name("float").unwrap().unwrap();
    assert_eq!(float.shape(), [6, 3]);
    let float: Vec<f64> = float.into_vec().unwrap();
    let decision: Vec<i64> = npz.by_name("decision").unwrap().unwrap().into_vec().unwrap();
    for ((fixed, float), decision) in fixed.chunks(3).zip(float.chunks(3)).zip(decision) {
        assert_eq!(fixed.iter().max(), Some(&fixed[decision as usize]));
        // All values of a sequence have one scale, the power of two of the output format.
        let scale = (float[0] / f64::from(fixed[0])).log2().round().exp2();
        for (q, value) in fixed.iter().zip(float) {
            assert!((f64::from(*q) * scale - value).abs() < 0.1, "{q} {value}");
        }
    }
}

#[test]
fn emit_writes_a_design_that_does_not_depend_on_the_place() {
    let dir = Folder::new();
    dir.tiny();
    let report = dir.json("emit tiny.json --pe 2 --beat 2 --output step");
    assert_eq!((&report["dir"], &report["top"]), (&json!("rtl_out/tiny"), &json!("tiny_top")));
    assert_eq!((&report["lanes"], &report["elements_per_beat"]), (&json!(2), &json!(2)));
    assert_eq!(report["output"], "step");
    for key in ["predicted_cycles_per_step", "efficiency", "rom_words", "input_words"] {
        assert!(report[key].as_f64().unwrap() > 0.0, "{key}");
    }
    dir.done("emit tiny.json --pe 2 --beat 2 --output step -o other");
    let files = |folder: &str| {
        let entries = fs::read_dir(dir.path(folder)).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.map(|p| (p.file_name().unwrap().to_owned(), fs::read(p).unwrap())).collect();
        files.sort();
        files
    };
    assert_eq!(files("rtl_out/tiny"), files("other"));
    let names: Vec<_> = files("other").into_iter().map(|(name, _)| name).collect();
    for name in ["tiny_top.v", "model.json", "hw.toml", "design.json", "schedule.txt", "README.md"]
    {
        assert!(names.contains(&name.into()), "{name}");
    }
    // The model and parameters in the folder make the same program.
    dir.done("emit other/model.json --hw other/hw.toml -o again");
    let program = |folder: &str| fs::read(dir.path(folder).join("program.hex")).unwrap();
    assert_eq!(program("other"), program("again"));
}

#[test]
fn emit_replaces_a_design_whole() {
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 4 -o rtl");
    fs::create_dir_all(dir.path("rtl/sim/model")).unwrap();
    fs::create_dir(dir.path("rtl/synth_hx8k")).unwrap();
    dir.done("emit tiny.json --pe 1 -o rtl");
    assert!(!dir.path("rtl/gates1.hex").exists() && !dir.path("rtl/sim").exists());
    let hw = fs::read_to_string(dir.path("rtl/hw.toml")).unwrap();
    assert!(hw.contains("lanes = 1\n"), "{hw}");
    assert_eq!(dir.names(), ["rtl", "tiny.json"]);
    fs::create_dir(dir.path("empty")).unwrap();
    dir.done("emit tiny.json --pe 1 -o empty");
    assert!(dir.path("empty/tiny_top.v").exists());
}

#[test]
fn emit_takes_options_over_the_file_and_the_file_over_the_board() {
    let dir = Folder::new();
    dir.tiny();
    fs::write(dir.path("hw.toml"), "lanes = 8\nelements_per_beat = 4\n").unwrap();
    let emit = |options: &str| dir.json(&format!("emit tiny.json {options} -o rtl"));
    let report = emit("--hw hw.toml --pe 2");
    assert_eq!((&report["lanes"], &report["elements_per_beat"]), (&json!(2), &json!(4)));
    assert_eq!(report["cell_multiplier"], "dsp");
    // Eight multiplier blocks are too few for eight lanes and the element-wise units.
    assert_eq!(emit("--hw hw.toml --target icebreaker")["cell_multiplier"], "serial");
    assert_eq!(emit("--hw hw.toml --target ulx3s-25f")["cell_multiplier"], "dsp");
    fs::write(dir.path("hw.toml"), "lanes = 8\ncell_multiplier = \"dsp\"\n").unwrap();
    let ended = dir.htgen("emit tiny.json --hw hw.toml --target icebreaker -o rtl --json");
    assert_eq!(object(&ended.stdout)["cell_multiplier"], "dsp");
    assert_eq!(ended.code, Some(1), "then the multiplier blocks are too few");
}

#[test]
fn doctor_reports_tools_and_targets() {
    let dir = Folder::new();
    let report = dir.json("doctor");
    assert_eq!(keys(&report), ["targets", "tools", "venvs"]);
    let names = |list: &Value| -> Vec<String> {
        let names = list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap());
        names.map(str::to_owned).collect()
    };
    assert!(names(&report["tools"]).contains(&"verilator".to_owned()));
    assert!(names(&report["targets"]).contains(&"icebreaker".to_owned()));
    let bare = Run::new(env!("CARGO_BIN_EXE_htgen")).args(["doctor", "--json"]);
    let bare = dir.run(bare.env("PATH", "none").env("HTGEN_TOOLS", "."));
    assert_eq!(bare.code, Some(0));
    let report = object(&bare.stdout);
    let verilator = &report["tools"][0];
    assert_eq!((&verilator["name"], &verilator["usable"]), (&json!("verilator"), &json!(false)));
    assert_eq!(verilator["install"], "apt-get install verilator");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = Folder::new();
    dir.done("new --preset digits -o digits.json");
    let script = "{ sleep 0.2; \"$0\" inspect digits.json --json; echo $? >&2; } | true";
    let run = |script: &str| {
        dir.run(Run::new("/bin/sh").args(["-c", script, env!("CARGO_BIN_EXE_htgen")]))
    };
    assert_eq!(run(script).stderr, "0\n");
    let full = run("\"$0\" inspect digits.json >/dev/full");
    assert_eq!(full.code, Some(2));
    expect![[r#"
        error: standard output cannot be written: No space left on device (os error 28)
    "#]]
    .assert_eq(&full.stderr);
}

#[test]
fn sim_compares_every_output() {
    if [Tool::Verilator, Tool::Make, Tool::Cxx].into_iter().any(|tool| needs(tool).is_none()) {
        return;
    }
    let dir = Folder::new();
    dir.tiny();
    dir.data();
    dir.done("emit tiny.json --pe 2 -o rtl");
    let report = dir.json("sim rtl --inputs data.npz --wave waves.vcd");
    assert_eq!(report["bit_exact"], true);
    assert_eq!((&report["sequences"], &report["outputs_compared"]), (&json!(6), &json!(18)));
    assert_eq!(report["lanes"], 2);
    for key in ["macs_per_step", "cycles_per_step", "predicted_cycles_per_step", "efficiency"] {
        assert!(report[key].as_f64().unwrap() > 0.0, "{key}");
    }
    assert!(!report["steps"].as_array().unwrap().is_empty());
    assert!(fs::metadata(dir.path("waves.vcd")).unwrap().len() > 0);
    let gaps = dir.done("sim rtl --random 9 --gaps --seed 3");
    assert!(gaps.starts_with("bit exact: 27 outputs of 9 sequences"), "{gaps}");
}

#[test]
fn synth_places_a_design_and_says_when_the_clock_is_missed() {
    if [Tool::Yosys, Tool::NextpnrIce40].into_iter().any(|tool| needs(tool).is_none()) {
        return;
    }
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 1 --target icebreaker -o rtl");
    let report = dir.json("synth rtl --target icebreaker --clock 6 --steps 10");
    for key in ["target", "lut4", "ff", "bram", "dsp", "fmax_mhz", "fits", "logic_cells"] {
        assert!(!report[key].is_null(), "{key}");
    }
    let number = |key: &str| report[key].as_f64().unwrap();
    let speed = number("fmax_mhz") * 1e6 / (number("predicted_cycles_per_step") * 10.0);
    assert!((number("predicted_inferences_per_second") / speed - 1.0).abs() < 1e-9);
    assert_eq!(report["logic_cells"]["cell"], "ICESTORM_LC");
    assert_eq!(report["logic_cells"]["total"], 5280);
    assert!(dir.path("rtl/synth_icebreaker/design.asc").exists());
    let ended = dir.htgen("synth rtl --target icebreaker --clock 500 -o placed");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("500 MHz missed"), "{}", ended.stdout);
    assert!(ended.stdout.contains("critical path"), "{}", ended.stdout);
}
