//! Every command with everything that it reads and writes: a folder with all kinds of input, and
//! command lines in which inputs are marked `<` and outputs `>`.
//!
//! Tests go through all of them; an option that takes a file and occurs in no line is detected.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_support::Wav;
use crate::train::{CONFIG, easy};
use htgen::cli;
use htgen::data::{Array, ArrayData, write_npz};
use image::{Rgb, RgbImage};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeSet;
use std::fs;

/// A command.
pub struct Case {
    /// Its words, inputs marked with `<`, outputs with `>`.
    line: &'static str,
    /// What else it reads, without being given each name.
    reads: &'static [&'static str],
    /// What else it writes.
    writes: &'static [&'static str],
}

const fn case(line: &'static str) -> Case {
    Case { line, reads: &[], writes: &[] }
}

const fn reading(line: &'static str, reads: &'static [&'static str]) -> Case {
    Case { line, reads, writes: &[] }
}

const fn writing(line: &'static str, writes: &'static [&'static str]) -> Case {
    Case { line, reads: &[], writes }
}

/// The files that a design is read from.
const DESIGN: &[&str] =
    &["rtl/design.json", "rtl/model.json", "rtl/hw.toml", "rtl/ht_engine.v", "rtl/weights.hex"];

/// What training writes beside its model.
const TRAINED: &[&str] = &["new.checkpoint", "new.train.json", "new.train.svg"];

/// All of them.
pub const CASES: &[Case] = &[
    case("new --preset digits -o >new.json"),
    writing("new --preset digits --safetensors -o >new.json", &["new.safetensors"]),
    case("import <torch.safetensors --head fc -o >new.json"),
    case("import <torch.npz --head fc -o >new.json"),
    writing("import <torch.npz --safetensors -o >new.json", &["new.safetensors"]),
    case("compress <torch.safetensors --modes 2 --rank 1 --scree >new.svg -o >new.json"),
    writing(
        "compress <dense.json --modes 2 --rank 1 --inputs <real.npz --safetensors -o >new.json",
        &["new.safetensors"],
    ),
    case("inspect <tiny.json"),
    reading("inspect kept.json", &["kept.json", "kept.safetensors"]),
    case("quantize <tiny.json --calibrate <easy.npz -o >new.json"),
    Case {
        line: "quantize <kept.json --calibrate <easy.npz --safetensors -o >new.json",
        reads: &["kept.safetensors"],
        writes: &["new.safetensors"],
    },
    case("run <tiny.json --inputs <easy.npz --outputs >new.npz"),
    case("emit <tiny.json --hw <hw.toml --target <board.toml -o >design"),
    case("emit <tiny.json --pe 2 --dir >design"),
    Case { line: "sim rtl --inputs <easy.npz --limit 1", reads: DESIGN, writes: &[] },
    Case { line: "sim rtl --random 1 --wave >new.fst", reads: DESIGN, writes: &[] },
    Case { line: "synth rtl --target <board.toml -o >placed", reads: DESIGN, writes: &[] },
    writing("train <easy.npz --config <train.toml -o >new.json", TRAINED),
    writing(
        "train <easy.npz --validation <more.npz --config <whole.toml --safetensors -o >new.json",
        &["new.safetensors", "new.checkpoint", "new.train.json", "new.train.svg"],
    ),
    writing("train <easy.npz --init <tiny.json --config <plain.toml -o >new.json", TRAINED),
    writing(
        "compare --config <compare.toml --work >work -o >results",
        &[
            "results/easy.md",
            "results/easy.json",
            "results/easy.svg",
            "results/easy.cycles.svg",
            "work/split.toml",
            "work/reports/split.json",
        ],
    ),
    Case {
        line: "compare --config compare.toml --work work -o results",
        reads: &["easy.npz"],
        writes: &["work/training.npz", "work/validation.npz"],
    },
    Case {
        line: "data split <easy.npz --config <train.toml -o >parts",
        reads: &[],
        writes: &["parts/training.npz", "parts/validation.npz"],
    },
    reading("data wav wavs -o >new.npz", &["wavs/no/a_1.wav", "wavs/yes/a_1.wav"]),
    reading("data frames clips --size 4x4 -o >new.npz", &["clips/up/a_1/1.png"]),
    reading("data frames clips --size 4x4 -o new.npz", &["clips/up/film.mp4"]),
    reading(
        "data windows pictures --size 4x4 --window 2x2 --stride 2 -o >new.npz",
        &["pictures/up/a_1.png"],
    ),
    case("data windows <pictures.npz --window 2x2 --stride 2 -o >new.npz"),
    reading(
        "data sliding films --labels <labels.csv --size 4x4 --fps 8 --steps 1 -o >new.npz",
        &["films/a/1.png"],
    ),
    case("data sliding <films.npz --steps 1 -o >new.npz"),
    case("data motion --size 16x16x1 --steps 4 --count 10 -o >new.npz"),
];

impl Case {
    /// The command line.
    pub fn words(&self) -> Vec<&'static str> {
        self.line.split_whitespace().map(|word| word.trim_start_matches(['<', '>'])).collect()
    }

    fn marked(&self, mark: char) -> impl Iterator<Item = &'static str> + use<> {
        self.line.split_whitespace().filter_map(move |word| word.strip_prefix(mark))
    }

    /// Everything that is read.
    pub fn inputs(&self) -> Vec<&'static str> {
        self.marked('<').chain(self.reads.iter().copied()).collect()
    }

    /// The command line with another name for an output.
    pub fn words_to(&self, output: &str, other: &str) -> Vec<String> {
        let word = |word: &str| match word.strip_prefix('>') {
            Some(name) if name == output => other.to_owned(),
            _ => word.trim_start_matches(['<', '>']).to_owned(),
        };
        self.line.split_whitespace().map(word).collect()
    }

    /// The outputs that the line names.
    pub fn named_outputs(&self) -> Vec<&'static str> {
        self.marked('>').collect()
    }

    /// Everything that is written.
    pub fn outputs(&self) -> Vec<&'static str> {
        self.marked('>').chain(self.writes.iter().copied()).collect()
    }
}

/// A folder with every input of [`CASES`].
pub fn stock() -> Folder {
    let dir = Folder::new();
    easy(&dir);
    models(&dir);
    checkpoints(&dir);
    configurations(&dir);
    recordings_and_pictures(&dir);
    fs::copy(dir.path("easy.npz"), dir.path("more.npz")).unwrap();
    dir
}

fn models(dir: &Folder) {
    let shape = "--inputs 8 --hidden 4 --head 3";
    let tree = "--out-modes 4,4 --in-modes 4,3 --rank 3";
    dir.done(&format!("new {shape} {tree} -o tiny.json"));
    dir.done(&format!("new {shape} {tree} --safetensors -o kept.json"));
    dir.done(&format!("new {shape} --format dense --recurrent dense --real -o dense.json"));
    dir.done("emit tiny.json --pe 2 -o rtl");
    let x = (0..2 * 3 * 8).map(|k| k as f32 / 64.0).collect();
    let x = Array { shape: vec![2, 3, 8], data: ArrayData::F32(x) };
    write_npz(&dir.path("real.npz"), &[("x", x)]).unwrap();
}

fn checkpoints(dir: &Folder) {
    let tensors: [(&str, &[usize]); 6] = [
        ("lstm.weight_ih_l0", &[16, 8]),
        ("lstm.weight_hh_l0", &[16, 4]),
        ("lstm.bias_ih_l0", &[16]),
        ("lstm.bias_hh_l0", &[16]),
        ("fc.weight", &[3, 4]),
        ("fc.bias", &[3]),
    ];
    let values = |shape: &[usize]| -> Vec<f32> {
        (0..shape.iter().product()).map(|k: usize| (k % 7) as f32 / 8.0 - 0.25).collect()
    };
    let arrays = tensors.map(|(name, shape)| {
        (name, Array { shape: shape.into(), data: ArrayData::F32(values(shape)) })
    });
    write_npz(&dir.path("torch.npz"), &arrays).unwrap();
    let bytes = tensors.map(|(_, shape)| {
        values(shape).into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>()
    });
    let views = tensors.iter().zip(&bytes).map(|((name, shape), bytes)| {
        (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    fs::write(dir.path("torch.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
}

fn configurations(dir: &Folder) {
    let (model, rest) = CONFIG.split_once("[data]").unwrap();
    let train = format!("[train]{}", rest.split_once("[train]").unwrap().1);
    let board = include_str!("../../constraints/icebreaker.toml");
    let compare = "name = \"easy\"\ntitle = \"t\"\nfiles = [\"easy.npz\"]\nseeds = [1]\n\
                   [model]\nhidden = 4\nout_modes = [4, 4]\nin_modes = [4, 3]\nrank = 3\n\
                   [train]\nepochs = 1\n[[system]]\nname = \"a\"\nlabel = \"A\"\n\
                   [[system]]\nname = \"b\"\nlabel = \"B\"\n";
    for (name, text) in [
        ("train.toml", CONFIG),
        ("whole.toml", &format!("{model}{train}")),
        ("plain.toml", &format!("[data]{rest}")),
        ("compare.toml", compare),
        ("hw.toml", "lanes = 2\n"),
        ("board.toml", board),
        ("labels.csv", "video,first_frame,last_frame,class\na,0,0,up\n"),
    ] {
        fs::write(dir.path(name), text).unwrap();
    }
}

fn recordings_and_pictures(dir: &Folder) {
    for name in ["wavs/no", "wavs/yes", "clips/up/a_1", "pictures/up", "films/a"] {
        fs::create_dir_all(dir.path(name)).unwrap();
    }
    let sound: Vec<i16> = (0..4000).map(|k| (k * 37 % 2001) as i16 - 1000).collect();
    for name in ["wavs/no/a_1.wav", "wavs/yes/a_1.wav"] {
        Wav::new(8000, 1, 16).write(&dir.path(name), &sound);
    }
    for name in ["clips/up/a_1/1.png", "pictures/up/a_1.png", "films/a/1.png"] {
        let picture = RgbImage::from_fn(4, 4, |x, y| Rgb([x as u8, y as u8, 9]));
        picture.save(dir.path(name)).unwrap();
    }
    let bytes = |shape: &[usize]| Array {
        shape: shape.to_vec(),
        data: ArrayData::U8((0..shape.iter().product()).map(|k: usize| k as u8).collect()),
    };
    let ints = |count| Array { shape: vec![count], data: ArrayData::I64(vec![0; count]) };
    write_npz(&dir.path("pictures.npz"), &[("x", bytes(&[2, 4, 4])), ("y", ints(2))]).unwrap();
    let films = [("frames", bytes(&[2, 8, 8, 3])), ("video", ints(2)), ("state", ints(2))];
    write_npz(&dir.path("films.npz"), &films).unwrap();
}

/// Words in the help of an argument that stands for a file or folder.
const FILES: [&str; 8] = ["FILE", "DIR", "MODEL", "DATA", "TOML", "SVG", "BOARD", "SOURCE"];

/// No option that takes a file is forgotten in the lines above.
#[test]
fn every_option_with_a_file_is_tried() {
    let mut missing = BTreeSet::new();
    let root = cli::definition();
    let data = root.find_subcommand("data").unwrap();
    let commands = root.get_subcommands().map(|command| (command.get_name().to_owned(), command));
    let sources = data.get_subcommands().map(|c| (format!("data {}", c.get_name()), c));
    for (name, command) in commands.chain(sources) {
        let lines: Vec<&str> =
            CASES.iter().map(|case| case.line).filter(|l| l.starts_with(&name)).collect();
        for argument in command.get_arguments() {
            let values = argument.get_value_names().unwrap_or_default();
            if !values.iter().any(|value| FILES.contains(&value.as_str())) {
                continue;
            }
            let given = |word: &str| {
                argument.get_long().is_some_and(|long| word == format!("--{long}"))
                    || argument.get_short().is_some_and(|short| word == format!("-{short}"))
            };
            let is_given = match argument.is_positional() {
                true => !lines.is_empty(),
                false => lines.iter().any(|line| line.split_whitespace().any(given)),
            };
            if !is_given {
                missing.insert(format!("{name} {}", argument.get_id()));
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}
