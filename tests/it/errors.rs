//! Refusals of models: every file in `tests/data/errors` is refused with the message in the text
//! file of the same name; binary or large ones are made here.
// SPDX-License-Identifier: MIT OR Apache-2.0

use expect_test::{Expect, expect, expect_file};
use htgen::model::{self, Cores, Format, NewSpec, Ranks, Recurrent, Tree, preset};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::{Dtype, TensorView};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const TINY: &str = include_str!("../data/tiny.json");

#[test]
fn every_provoking_file_is_refused() {
    // Relative, so that the messages are the same in every checkout; tests run in the package.
    let mut files: Vec<PathBuf> = fs::read_dir("tests/data/errors")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(files.len() > 50, "provoking files are missing");
    for file in files {
        let Err(problems) = model::load(&file) else {
            panic!("{} was accepted", file.display());
        };
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(file.with_extension("txt"));
        expect_file![golden].assert_eq(&format!("error: {problems}\n"));
    }
}

/// Compares the message of a failed call, with the temporary folder replaced by `DIR`.
pub fn refused<T>(dir: &TempDir, result: htgen::error::Result<T>, message: Expect) {
    let Err(problems) = result else { panic!("was accepted") };
    let text = problems.to_string().replace(&dir.path().display().to_string(), "DIR");
    message.assert_eq(&text);
}

/// The tiny model with one leaf in a safetensors file of the given bytes.
fn with_cores(dir: &TempDir, cores: &[u8]) -> PathBuf {
    let start = TINY.find("\"data\": [-1.0, 0.75, 0.25, -0.25, -0.75, 1.0").unwrap();
    let end = start + TINY[start..].find(']').unwrap() + 1;
    let text = format!("{}\"tensor\": \"leaf.0\"{}", &TINY[..start], &TINY[end..]);
    let text = text.replace("\"version\": 1,", "\"version\": 1, \"cores\": \"m.safetensors\",");
    fs::write(dir.path().join("m.json"), text).unwrap();
    fs::write(dir.path().join("m.safetensors"), cores).unwrap();
    dir.path().join("m.json")
}

fn safetensors(name: &str, dtype: Dtype, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let view = TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
    safetensors::serialize([(name, view)], None).unwrap()
}

fn leaf() -> Vec<u8> {
    safetensors("leaf.0", Dtype::F32, &[4, 2, 2], &[0; 64])
}

#[test]
fn a_leaf_in_a_whole_safetensors_file_is_accepted() {
    let dir = TempDir::new().unwrap();
    let model = model::load(&with_cores(&dir, &leaf())).unwrap();
    assert_eq!(model.parameters(), 32);
}

#[test]
fn truncated_safetensors() {
    let dir = TempDir::new().unwrap();
    let whole = leaf();
    let path = with_cores(&dir, &whole[..whole.len() - 1]);
    refused(
        &dir,
        model::load(&path),
        expect![[
            r#"DIR/m.json: cores: m.safetensors is not a whole safetensors file ("leaf.0" ends after the end of the file); was it copied whole?"#
        ]],
    );
    let path = with_cores(&dir, &whole[..40]);
    refused(
        &dir,
        model::load(&path),
        expect![
            "DIR/m.json: cores: m.safetensors is not a whole safetensors file (the header ends too early); was it copied whole?"
        ],
    );
    let path = with_cores(&dir, &whole[..3]);
    refused(
        &dir,
        model::load(&path),
        expect![
            "DIR/m.json: cores: m.safetensors is not a whole safetensors file (shorter than its header length); was it copied whole?"
        ],
    );
}

#[test]
fn safetensors_with_offsets_that_overflow() {
    let dir = TempDir::new().unwrap();
    let header = r#"{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    refused(
        &dir,
        model::load(&with_cores(&dir, &bytes)),
        expect![[
            r#"DIR/m.json: cores: m.safetensors is not a whole safetensors file ("a" ends after the end of the file); was it copied whole?"#
        ]],
    );
}

#[test]
fn wrong_tensors() {
    let dir = TempDir::new().unwrap();
    let other = safetensors("leaf.7", Dtype::F32, &[4, 2, 2], &[0; 64]);
    refused(
        &dir,
        model::load(&with_cores(&dir, &other)),
        expect![[
            r#"DIR/m.json: layers[0].matrices[0].factors.tree.left.core: tensor "leaf.0" of m.safetensors does not exist: expected one of leaf.7"#
        ]],
    );
    let half = safetensors("leaf.0", Dtype::F16, &[4, 2, 2], &[0; 32]);
    refused(
        &dir,
        model::load(&with_cores(&dir, &half)),
        expect![[
            r#"DIR/m.json: layers[0].matrices[0].factors.tree.left.core: tensor "leaf.0" of m.safetensors has the wrong type: found F16, expected F32 or F64"#
        ]],
    );
    let turned = safetensors("leaf.0", Dtype::F32, &[2, 4, 2], &[0; 64]);
    refused(
        &dir,
        model::load(&with_cores(&dir, &turned)),
        expect![[
            r#"DIR/m.json: layers[0].matrices[0].factors.tree.left.core: tensor "leaf.0" of m.safetensors has the wrong shape: found 2 x 4 x 2, expected 4 x 2 x 2"#
        ]],
    );
    let mut values = [0; 64];
    values[20..24].copy_from_slice(&f32::NAN.to_le_bytes());
    let nan = safetensors("leaf.0", Dtype::F32, &[4, 2, 2], &values);
    refused(
        &dir,
        model::load(&with_cores(&dir, &nan)),
        expect![
            "DIR/m.json: layers[0].matrices[0].factors.tree.left.core: not finite: found NaN at element 5, expected finite numbers; did the training diverge?"
        ],
    );
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder() {
    let dir = TempDir::new().unwrap();
    let elsewhere = TempDir::new().unwrap();
    fs::write(elsewhere.path().join("m.safetensors"), leaf()).unwrap();
    let path = with_cores(&dir, &[]);
    fs::remove_file(dir.path().join("m.safetensors")).unwrap();
    let link = dir.path().join("m.safetensors");
    std::os::unix::fs::symlink(elsewhere.path().join("m.safetensors"), link).unwrap();
    refused(
        &dir,
        model::load(&path),
        expect![[
            r#"DIR/m.json: cores: a link that leaves the folder of the model: found "m.safetensors", expected a file in or below the folder of the model"#
        ]],
    );
}

#[test]
fn files_that_are_no_files() {
    let dir = TempDir::new().unwrap();
    refused(
        &dir,
        model::load(&dir.path().join("no.json")),
        expect![
            "DIR/no.json: cannot be read (No such file or directory (os error 2)); check the path"
        ],
    );
    refused(&dir, model::load(dir.path()), expect!["DIR: not a regular file: found a folder"]);
    let huge = dir.path().join("huge.json");
    fs::File::create(&huge).unwrap().set_len((1 << 28) + 1).unwrap();
    refused(
        &dir,
        model::load(&huge),
        expect!["DIR/huge.json: file too large: found 268435457 bytes, expected at most 268435456"],
    );
}

#[test]
fn a_refused_save_touches_nothing() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("m.json");
    let model = preset::build("digits", 1).unwrap();
    model::save(&model, &path, Cores::Safetensors).unwrap();
    let before = fs::read(&path).unwrap();
    refused(
        &dir,
        model::save(&model, &dir.path().join("no/m.json"), Cores::Inline),
        expect![
            "DIR/no/m.json: cannot be written (entity not found); check that the folder exists and can be written to"
        ],
    );
    refused(
        &dir,
        model::save(&model, &dir.path().join("m\\x.json"), Cores::Safetensors),
        expect![
            r"DIR/m\x.safetensors: not a name for a model file with its values beside it: expected a name in Unicode without \"
        ],
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn trees_that_are_no_trees() {
    let cases = ["((0,1),2", "(0,1,2)", "(0,1)x", "(0,0)", "(0,3)", "(0,1)", "(a,b)", "((((((((0"];
    let messages: Vec<String> =
        cases.iter().map(|text| Tree::parse(text, 3).unwrap_err().to_string()).collect();
    expect![[r#"
        tree: not a tree: found the end of the text, expected a closing parenthesis; write it like ((0,1),(2,3)); every inner node has two halves
        tree: not a tree: found ',' at character 5, expected a closing parenthesis; write it like ((0,1),(2,3)); every inner node has two halves
        tree: not a tree: found 'x' at character 6, expected the end of the text; write it like ((0,1),(2,3)); every inner node has two halves
        tree: mode used twice: found 0, expected each mode once
        tree: no such mode: found 3, expected 0 to 2; modes are numbered from 0
        tree: modes missing: found no 2, expected each of the 3 modes once
        tree: not a tree: found 'a' at character 2, expected a mode or a parenthesis; write it like ((0,1),(2,3)); every inner node has two halves
        tree: not a tree: found '(' at character 8, expected at most 8 modes; write it like ((0,1),(2,3)); every inner node has two halves"#]].assert_eq(&messages.join("\n"));
    Tree::parse(&"(".repeat(100_000), 3).unwrap_err();
}

#[test]
fn specifications_that_do_not_work_out() {
    let good = preset::spec("digits", 1).unwrap();
    let plain = NewSpec { tree: String::new(), ..good.clone() };
    let bad = [
        NewSpec { name: "a-b".into(), ..good.clone() },
        NewSpec { out_modes: vec![4, 4, 4, 5], ..good.clone() },
        NewSpec { out_modes: vec![], ..good.clone() },
        NewSpec { in_modes: vec![1 << 40, 1 << 40, 1, 1], ..good.clone() },
        NewSpec { in_modes: vec![4, 8, 8], ..good.clone() },
        NewSpec { ranks: Ranks::PerNode(vec![6, 6]), ..good.clone() },
        NewSpec { ranks: Ranks::Uniform { leaf: 0, inner: 6 }, ..good.clone() },
        NewSpec { ranks: Ranks::Uniform { leaf: 1 << 30, inner: 1 << 30 }, ..good.clone() },
        NewSpec { hidden: 1 << 62, ..good.clone() },
        NewSpec { recurrent: Recurrent::Shared { hidden_offset: Some(1023) }, ..good.clone() },
        NewSpec { layers: 0, ..good.clone() },
        NewSpec { format: Format::TensorTrain, tree: "((0,1),2)".into(), ..good.clone() },
        NewSpec {
            format: Format::TensorTrain,
            ranks: Ranks::Uniform { leaf: 2, inner: 3 },
            ..plain.clone()
        },
        NewSpec { format: Format::TensorTrain, ranks: Ranks::PerNode(vec![2, 3]), ..plain.clone() },
        NewSpec {
            format: Format::TensorTrain,
            ranks: Ranks::PerNode(vec![2, 0, 3]),
            ..plain.clone()
        },
        NewSpec { format: Format::TensorTrain, out_modes: vec![], ..plain.clone() },
        NewSpec {
            format: Format::TensorRing { closing_rank: Some(2) },
            ranks: Ranks::PerNode(vec![2; 8]),
            ..plain.clone()
        },
        NewSpec { format: Format::TensorRing { closing_rank: Some(400) }, ..plain.clone() },
        NewSpec {
            format: Format::TensorRing { closing_rank: None },
            out_modes: vec![4, 4, 2, 2, 2, 2, 1, 1],
            in_modes: vec![2, 2, 2, 2, 4, 4, 8, 1],
            ..plain.clone()
        },
        NewSpec { format: Format::BlockTerm { blocks: 0 }, ..plain.clone() },
        NewSpec { format: Format::BlockTerm { blocks: 65 }, ..plain.clone() },
        NewSpec { format: Format::Dense, ..plain.clone() },
        NewSpec {
            format: Format::Dense,
            ranks: Ranks::PerNode(vec![]),
            out_modes: vec![],
            in_modes: vec![],
            inputs: 1 << 40,
            ..plain.clone()
        },
        NewSpec { head: Some(0), ..good },
    ];
    let messages: Vec<String> =
        bad.iter().map(|spec| model::new(spec).unwrap_err().to_string()).collect();
    expect![[r#"
        name: not an identifier: found "a-b", expected a letter, then letters, digits and _, at most 48; a_b would do
        layers[0].matrices[0].out_modes: modes have the wrong product: found 4 x 4 x 4 x 5 = 320, expected 256, gates times hidden units; change a mode or `hidden`
        tree: number of modes out of range: found 0, expected 1 to 8
        ranks: too large: found 4 x 1099511627776 x 6 elements, expected at most 134217728 in the whole model
        layers[0].matrices[0].in_modes: modes have the wrong product: found 4 x 8 x 8 = 256, expected at least 1088, the columns in use
        error: layers[0].matrices[0].factors.tree.right.right.mode: no such mode: found 3, expected 0 to 2
        ranks: one rank per node except the root: found 2, expected 6 for the tree ((0,1),(2,3)); list them in the order of the tree's text: a node, its left half, its right half
        layers[0].matrices[0].factors.tree.left.left.rank: empty rank: found 0, expected at least 1
        error: layers[0].matrices[0].factors.tree.left.right.rank: empty rank: found 0, expected at least 1
        error: layers[0].matrices[0].factors.tree.right.left.rank: empty rank: found 0, expected at least 1
        error: layers[0].matrices[0].factors.tree.right.right.rank: empty rank: found 0, expected at least 1
        ranks: too large: found 4 x 4 x 1073741824 elements, expected at most 134217728 in the whole model
        hidden: too large: found 4 x 4611686018427387904 elements, expected at most 134217728 in the whole model
        layers[0].matrices[0].columns.hidden_offset: h would overlap the inputs: found 1023, expected at least 1024, the inputs
        layers: number of layers out of range: found 0, expected 1 to 64
        tree: only for hierarchical Tucker: found ((0,1),2); leave it out
        ranks: leaves and inner nodes belong to a tree: found 2:3, expected one rank, or a list
        ranks: wrong number of ranks: found 2, expected 3, one between two cores
        layers[0].matrices[0].factors.cores[1]: wrong shape: found 2 x 4 x 8 x 0, expected left rank x 4 x 8 x right rank
        out_modes: number of modes out of range: found 0, expected 1 to 8
        closing_rank: given twice: found 2; a list of ranks begins with it
        ranks: too large for a ring: found 400 and 400, expected closing rank times largest rank at most 2048
        layers[0].matrices[0].factors.cores: number of cores out of range: found 16, expected 2 to 15
        blocks: number of blocks out of range: found 0, expected 1 to 64
        blocks: number of blocks out of range: found 65, expected 1 to 64
        ranks: a dense matrix has no ranks; leave them out
        hidden: too large: found 256 x 1099511627840 elements, expected at most 134217728 in the whole model
        head.outputs: number of outputs out of range: found 0, expected 1 to 67108864"#]].assert_eq(&messages.join("\n"));
    let unknown = preset::build("fdht", 1).unwrap_err().to_string();
    expect![[r#"preset: no such preset: found "fdht", expected one of bt-ucf11, digits, fdht-largest, fdht-smallest, fdht-ucf11, ht-ucf11, ht-youtube, tr-ucf11, tt-ucf11, tt-youtube"#]].assert_eq(&unknown);
}

#[test]
fn random_damage_never_panics() {
    let dir = TempDir::new().unwrap();
    let path = with_cores(&dir, &leaf());
    let cores = dir.path().join("m.safetensors");
    let n_refused = damage(&path, 600, || model::load(&path).is_err())
        + damage(&cores, 600, || model::load(&path).is_err());
    assert!(n_refused > 600, "only {n_refused} of 1200 damaged files were refused");
}

/// Replaces or cuts bytes of a file in `times` seeded ways; returns how often `refuses` returned
/// true. The file is restored at the end.
pub fn damage(path: &Path, times: usize, refuses: impl Fn() -> bool) -> usize {
    let whole = fs::read(path).unwrap();
    let mut source = ChaCha8Rng::seed_from_u64(9);
    let mut draw = |below: usize| source.next_u32() as usize % below;
    let mut n_refused = 0;
    for _ in 0..times {
        let mut bytes = whole.clone();
        for _ in 0..1 + draw(3) {
            let at = draw(bytes.len());
            bytes[at] = [0, 0xff, b'9', b'"', bytes[at] ^ 1, bytes[at] ^ 0x80][draw(6)];
        }
        if draw(4) == 0 {
            bytes.truncate(draw(whole.len()));
        }
        fs::write(path, bytes).unwrap();
        n_refused += usize::from(refuses());
    }
    fs::write(path, whole).unwrap();
    n_refused
}
