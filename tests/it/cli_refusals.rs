//! Bad input at the command line: the exact message, exit code 2, nothing on standard output and
//! nothing half written.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use expect_test::{Expect, expect};
use htgen::data::{Array, ArrayData, write_npz};
use std::fs;

/// Runs each line, which must be refused and must change nothing, and compares the messages.
#[track_caller]
pub fn refused(dir: &Folder, lines: &[&str], messages: Expect) {
    let before = dir.files();
    let mut all = String::new();
    for line in lines {
        let ended = dir.htgen(line);
        assert_eq!(ended.code, Some(2), "htgen {line}: {}", ended.stdout);
        assert_eq!(ended.stdout, "", "htgen {line}");
        // For clap's messages the first paragraph is enough; the rest repeats the usage.
        let messages = ended.messages();
        let message = messages.split("\n\nUsage").next().unwrap();
        let message = message.split("\n\nFor more").next().unwrap();
        all += &format!("$ htgen {line}\n{}\n", message.trim_end());
    }
    assert!(dir.files() == before, "a refused command has changed files");
    messages.assert_eq(&all);
}

#[test]
fn new() {
    let dir = Folder::new();
    let shape = "new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3";
    let long = format!("{shape} --rank 2 --name {} -o m.json", "x".repeat(49));
    refused(
        &dir,
        &[
            "new --preset nothing -o m.json",
            "new --preset digits",
            "new --preset digits --hidden 3 -o m.json",
            "new --inputs 3 -o m.json",
            &format!("{shape} --rank 2x -o m.json"),
            &format!("{shape} --rank 2,2,2 -o m.json"),
            &format!("{shape} --rank 0 -o m.json"),
            &format!("{shape} --rank 99999999999 -o m.json"),
            &format!("{shape} --rank 2 --tree (0,0) -o m.json"),
            &format!("{shape} --rank 2 --tree ((0,1) -o m.json"),
            &format!("{shape} --rank 2 --name a;reboot -o m.json"),
            &format!("{shape} --rank 2 --name 1st -o m.json"),
            &long,
            &format!("{shape} --rank 2 --hidden-offset 2 -o m.json"),
            &format!("{shape} --rank 2 --shift 99 -o m.json"),
            "new --inputs 3 --hidden 2 --out-modes 4,3 --in-modes 2,3 --rank 2 -o m.json",
            "new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,2 --rank 2 -o m.json",
            &format!("{shape} --rank 2 -o nowhere/m.json"),
        ],
        expect![[r#"
            $ htgen new --preset nothing -o m.json
            error: preset: no such preset: found "nothing", expected one of bt-ucf11, digits, fdht-largest, fdht-smallest, fdht-ucf11, ht-ucf11, ht-youtube, tr-ucf11, tt-ucf11, tt-youtube
            $ htgen new --preset digits
            error: the following required arguments were not provided:
              --output <FILE>
            $ htgen new --preset digits --hidden 3 -o m.json
            error: the argument '--preset <NAME>' cannot be used with '--hidden <H>'
            $ htgen new --inputs 3 -o m.json
            error: the following required arguments were not provided:
              --hidden <H>
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2x -o m.json
            error: invalid value '2x' for '--rank <RANK>': invalid digit found in string; write 6, or LEAF:INNER like 4:2, or a list like 2,3
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2,2,2 -o m.json
            error: ranks: one rank per node except the root: found 3, expected 2 for the tree (0,1); list them in the order of the tree's text: a node, its left half, its right half
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 0 -o m.json
            error: layers[0].matrices[0].factors.tree.left.rank: empty rank: found 0, expected at least 1
            error: layers[0].matrices[0].factors.tree.right.rank: empty rank: found 0, expected at least 1
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 99999999999 -o m.json
            error: ranks: too large: found 4 x 2 x 99999999999 elements, expected at most 134217728 in the whole model
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --tree (0,0) -o m.json
            error: tree: mode used twice: found 0, expected each mode once
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --tree ((0,1) -o m.json
            error: tree: not a tree: found the end of the text, expected a comma between the two halves; write it like ((0,1),(2,3)); every inner node has two halves
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --name a;reboot -o m.json
            error: name: not an identifier: found "a;reboot", expected a letter, then letters, digits and _, at most 48; a_reboot would do
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --name 1st -o m.json
            error: name: not an identifier: found "1st", expected a letter, then letters, digits and _, at most 48; m1st would do
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --name xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx -o m.json
            error: name: not an identifier: found "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", expected a letter, then letters, digits and _, at most 48; xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx would do
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --hidden-offset 2 -o m.json
            error: layers[0].matrices[0].columns.hidden_offset: h would overlap the inputs: found 2, expected at least 3, the inputs
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --shift 99 -o m.json
            error: input.shift: out of range: found 99, expected -32 to 32
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,3 --in-modes 2,3 --rank 2 -o m.json
            error: layers[0].matrices[0].out_modes: modes have the wrong product: found 4 x 3 = 12, expected 8, gates times hidden units; change a mode or --hidden
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,2 --rank 2 -o m.json
            error: layers[0].matrices[0].in_modes: modes have the wrong product: found 2 x 2 = 4, expected at least 5, the columns in use
            $ htgen new --inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 -o nowhere/m.json
            error: nowhere/m.json: cannot be written (entity not found); check that the folder exists and can be written to
        "#]],
    );
}

#[test]
fn models() {
    let dir = Folder::new();
    dir.tiny();
    dir.data();
    let text = fs::read_to_string(dir.path("tiny.json")).unwrap();
    fs::write(dir.path("cut.json"), &text[..text.len() / 2]).unwrap();
    fs::write(dir.path("nan.json"), text.replacen("0.", "NaN, 0.", 1)).unwrap();
    fs::write(dir.path("huge.json"), text.replacen("\"inputs\": 3", "\"inputs\": 99999999999", 1))
        .unwrap();
    fs::write(dir.path("name.json"), text.replacen("\"tiny\"", "\"../tiny\"", 1)).unwrap();
    refused(
        &dir,
        &[
            "inspect none.json",
            "inspect cut.json",
            "run nan.json --inputs data.npz",
            "emit huge.json -o rtl",
            "emit name.json",
            "inspect tiny.json --max-rom-words 1",
            "inspect tiny.json --dump nothing",
            "inspect tiny.json --dump plan --json",
            "inspect tiny.json --dump program --pe 3",
            "inspect tiny.json --dump program --keep-zero-columns",
        ],
        expect![[r#"
            $ htgen inspect none.json
            error: none.json: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen inspect cut.json
            error: cut.json: layers[0].matrices[0].factors.tree.left.core.data (line 34, column 165): the JSON text ends too early; was the file copied whole?
            $ htgen run nan.json --inputs data.npz
            error: nan.json: layers[0].matrices[0].factors.tree.core.data[0] (line 26, column 22): not finite: found NaN or infinity, not JSON either, expected finite numbers; did the training diverge?
            $ htgen emit huge.json -o rtl
            error: huge.json: layers[0].inputs: inputs out of range: found 99999999999, expected 1 to 67108864
            $ htgen emit name.json
            error: name.json: name: not an identifier: found "../tiny", expected a letter, then letters, digits and _, at most 48; tiny would do
            $ htgen inspect tiny.json --max-rom-words 1
            error: tiny.json: plan: no contraction order is within the limits: found at least 28 ROM words, at least 0 buffer words, expected at most 1 ROM words and any number of buffer words; raise max_rom_words
            $ htgen inspect tiny.json --dump nothing
            error: invalid value 'nothing' for '--dump <STAGE>'
              [possible values: network, plan, formats, program]
            $ htgen inspect tiny.json --dump plan --json
            error: the argument '--dump <STAGE>' cannot be used with '--json'
            $ htgen inspect tiny.json --dump program --pe 3
            note: tiny.json: no formats in the model, so they come from interval analysis (8-bit weights, 12-bit activations); htgen quantize chooses better ones from data
            error: lanes: not usable: found 3, expected a power of two from 1 to 256; try 2
            $ htgen inspect tiny.json --dump program --keep-zero-columns
            error: --keep-zero-columns: not for this stage: expected only the stages network and plan; formats and programs leave zero columns out
        "#]],
    );
}

#[test]
fn data() {
    let dir = Folder::new();
    dir.tiny();
    let bytes = |shape: &[usize]| Array {
        shape: shape.into(),
        data: ArrayData::U8(vec![7; shape.iter().product()]),
    };
    write_npz(&dir.path("wide.npz"), &[("x", bytes(&[2, 4, 5]))]).unwrap();
    let real = Array { shape: vec![1, 1, 3], data: ArrayData::F32(vec![0.5; 3]) };
    write_npz(&dir.path("real.npz"), &[("x", real)]).unwrap();
    write_npz(&dir.path("empty.npz"), &[("frames", bytes(&[2, 4, 3]))]).unwrap();
    fs::write(dir.path("text.npz"), "x").unwrap();
    refused(
        &dir,
        &[
            "quantize tiny.json --calibrate wide.npz -o q.json",
            "quantize tiny.json --calibrate real.npz -o q.json",
            "run tiny.json --inputs empty.npz",
            "run tiny.json --inputs text.npz --outputs out.npz",
            "run tiny.json --inputs none.npz",
            "run tiny.json --inputs wide.npz --limit 0",
            "quantize tiny.json --calibrate wide.npz --weight-bits 40 -o q.json",
            "quantize tiny.json --calibrate wide.npz --activation-bits 3 -o q.json",
        ],
        expect![[r#"
            $ htgen quantize tiny.json --calibrate wide.npz -o q.json
            error: wide.npz: x: wrong width: found 5 = 5 elements per step, expected 3, the inputs of the model
            $ htgen quantize tiny.json --calibrate real.npz -o q.json
            error: real.npz: x: wrong type: found float32, expected uint8, the stream element of the model
            $ htgen run tiny.json --inputs empty.npz
            error: empty.npz: x: array missing: found frames, expected x of (sequences, steps, inputs)
            $ htgen run tiny.json --inputs text.npz --outputs out.npz
            error: text.npz: not a whole npz file (invalid Zip archive: Could not find EOCD): expected arrays written by numpy.savez or savez_compressed; was it copied whole?
            $ htgen run tiny.json --inputs none.npz
            error: none.npz: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen run tiny.json --inputs wide.npz --limit 0
            error: invalid value '0' for '--limit <N>': expected a whole number of at least 1
            $ htgen quantize tiny.json --calibrate wide.npz --weight-bits 40 -o q.json
            error: invalid value '40' for '--weight-bits <BITS>': 40 is not in 2..=16
            $ htgen quantize tiny.json --calibrate wide.npz --activation-bits 3 -o q.json
            error: invalid value '3' for '--activation-bits <BITS>': 3 is not in 4..=16
        "#]],
    );
}

#[test]
fn quantized_models_that_are_not_what_is_asked_for() {
    let dir = Folder::new();
    dir.tiny();
    dir.data();
    dir.done("quantize tiny.json --calibrate data.npz -o q.json");
    let ended = dir.htgen("quantize tiny.json --calibrate data.npz -o nowhere/q.json");
    assert_eq!(ended.code, Some(2));
    refused(
        &dir,
        &[
            "emit q.json --weight-bits 6 --activation-bits 10",
            "run q.json --inputs data.npz --max-rom-words 2 --max-buffer-words 1",
        ],
        expect![[r#"
            $ htgen emit q.json --weight-bits 6 --activation-bits 10
            error: q.json: formats.weight_bits: not as requested: found 8, expected 6; quantize the model again with --weight-bits 6
            error: q.json: formats.activation_bits: not as requested: found 12, expected 10; quantize the model again with --activation-bits 10
            $ htgen run q.json --inputs data.npz --max-rom-words 2 --max-buffer-words 1
            error: q.json: plan: no contraction order is within the limits: found at least 28 ROM words, at least 0 buffer words, expected at most 2 ROM words and 1 buffer words; raise max_rom_words
        "#]],
    );
}

#[test]
fn hardware() {
    let dir = Folder::new();
    dir.tiny();
    fs::write(dir.path("key.toml"), "lanes = 4\nlane = 4\n").unwrap();
    fs::write(dir.path("type.toml"), "lanes = \"four\"\n").unwrap();
    fs::write(dir.path("bounds.toml"), "lanes = 12\nelements_per_beat = 0\n").unwrap();
    fs::write(dir.path("bytes.toml"), b"\xff\xfe").unwrap();
    refused(
        &dir,
        &[
            "emit tiny.json --pe 12",
            "emit tiny.json --pe 512 --beat 3",
            "emit tiny.json --pe -1",
            "emit tiny.json --hw key.toml",
            "emit tiny.json --hw type.toml",
            "emit tiny.json --hw bounds.toml",
            "emit tiny.json --hw bytes.toml",
            "emit tiny.json --hw none.toml",
            "emit tiny.json --output never",
            "emit tiny.json --target nothing",
            "emit tiny.json --max-rom-words 1",
        ],
        expect![[r#"
            $ htgen emit tiny.json --pe 12
            error: lanes: not usable: found 12, expected a power of two from 1 to 256; try 8
            $ htgen emit tiny.json --pe 512 --beat 3
            error: lanes: not usable: found 512, expected a power of two from 1 to 256; try 256
            error: elements_per_beat: not usable: found 3, expected a power of two from 1 to 16; try 2
            $ htgen emit tiny.json --pe -1
            error: unexpected argument '-1' found

              tip: to pass '-1' as a value, use '-- -1'
            $ htgen emit tiny.json --hw key.toml
            error: key.toml: line 2: unknown field "lane", expected one of "lanes", "elements_per_beat", "cell_multiplier", "output", "max_rom_words", "max_buffer_words"; the keys are listed in docs/hardware.md
            $ htgen emit tiny.json --hw type.toml
            error: type.toml: line 1: invalid type: string "four", expected a whole number; the keys are listed in docs/hardware.md
            $ htgen emit tiny.json --hw bounds.toml
            error: bounds.toml: lanes: not usable: found 12, expected a power of two from 1 to 256; try 8
            error: bounds.toml: elements_per_beat: not usable: found 0, expected a power of two from 1 to 16; try 1
            $ htgen emit tiny.json --hw bytes.toml
            error: bytes.toml: not a text in UTF-8
            $ htgen emit tiny.json --hw none.toml
            error: none.toml: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen emit tiny.json --output never
            error: invalid value 'never' for '--output <RATE>'
              [possible values: sequence, step]
            $ htgen emit tiny.json --target nothing
            error: --target: no such board: found nothing, expected one of icebreaker, hx8k, ulx3s-25f, ulx3s-85f, tangnano9k; or give the path of a board file, NAME.toml
            $ htgen emit tiny.json --max-rom-words 1
            error: tiny.json: plan: no contraction order is within the limits: found at least 28 ROM words, at least 0 buffer words, expected at most 1 ROM words and any number of buffer words; raise max_rom_words
        "#]],
    );
}

#[test]
fn folders_that_are_no_designs() {
    let dir = Folder::new();
    dir.tiny();
    fs::create_dir(dir.path("mine")).unwrap();
    fs::write(dir.path("mine/model.json"), "my own").unwrap();
    fs::write(dir.path("file"), "").unwrap();
    dir.done("emit tiny.json --pe 2 -o rtl");
    let before = fs::read(dir.path("rtl/tiny_top.v")).unwrap();
    refused(
        &dir,
        &[
            "emit tiny.json -o mine",
            "emit tiny.json -o file",
            "emit tiny.json -o .",
            "emit tiny.json --pe 3 -o rtl",
            "sim mine --random 2",
            "sim none --random 2",
            "sim rtl",
            "sim rtl --random 2 --inputs tiny.json",
            "sim rtl --random 0",
            "sim rtl --inputs none.npz",
            "synth mine --target icebreaker",
            "synth rtl",
            "synth rtl --target nothing",
            "synth rtl --target icebreaker --clock 0",
            "synth rtl --target icebreaker --steps 0",
        ],
        expect![[r#"
            $ htgen emit tiny.json -o mine
            error: mine: a folder that is not a design of htgen is not replaced; choose another place with -o, or remove it
            $ htgen emit tiny.json -o file
            error: file: not a folder, so it is not replaced; choose another place with -o
            $ htgen emit tiny.json -o .
            error: .: a folder that holds what this command reads is not replaced: found tiny.json among what is read; give the output another name
            $ htgen emit tiny.json --pe 3 -o rtl
            error: lanes: not usable: found 3, expected a power of two from 1 to 256; try 2
            $ htgen sim mine --random 2
            error: mine: not a design: found no design.json; give a folder written by htgen emit
            $ htgen sim none --random 2
            error: none: not a design: found no design.json; give a folder written by htgen emit
            $ htgen sim rtl
            error: the following required arguments were not provided:
              <--inputs <DATA>|--random <SEQUENCES>>
            $ htgen sim rtl --random 2 --inputs tiny.json
            error: the argument '--random <SEQUENCES>' cannot be used with '--inputs <DATA>'
            $ htgen sim rtl --random 0
            error: random: number of sequences out of range: found 0, expected 1 to 2236962 for 3 inputs
            $ htgen sim rtl --inputs none.npz
            error: none.npz: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen synth mine --target icebreaker
            error: mine: not a design: found no design.json; give a folder written by htgen emit
            $ htgen synth rtl
            error: the following required arguments were not provided:
              --target <BOARD>
            $ htgen synth rtl --target nothing
            error: --target: no such board: found nothing, expected one of icebreaker, hx8k, ulx3s-25f, ulx3s-85f, tangnano9k; or give the path of a board file, NAME.toml
            $ htgen synth rtl --target icebreaker --clock 0
            error: invalid value '0' for '--clock <MHZ>': expected a number more than 0 and at most 1000
            $ htgen synth rtl --target icebreaker --steps 0
            error: invalid value '0' for '--steps <T>': expected a whole number of at least 1
        "#]],
    );
    assert_eq!(fs::read_to_string(dir.path("mine/model.json")).unwrap(), "my own");
    assert_eq!(fs::read(dir.path("rtl/tiny_top.v")).unwrap(), before);
}
