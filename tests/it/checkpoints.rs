//! Files of checkpoints: several files under an index, every kind of number, and files that are
//! something else.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use crate::import::{fixture, plain};
use crate::import_refusals::save;
use expect_test::expect;
use htgen::import;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// The fixture of two layers and a head in two files and their index.
fn shards(dir: &Folder) {
    let bytes = fs::read(fixture("pytorch_lstm.safetensors")).unwrap();
    let whole = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors = whole.tensors();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let mut map = BTreeMap::new();
    for number in [1, 2] {
        let file = format!("model-0000{number}-of-00002.safetensors");
        let own = |(k, _): &(usize, (String, TensorView<'_>))| k % 2 + 1 == number;
        let part: Vec<(String, TensorView<'_>)> =
            tensors.iter().cloned().enumerate().filter(own).map(|(_, tensor)| tensor).collect();
        map.extend(part.iter().map(|(name, _)| (name.clone(), file.clone())));
        fs::write(dir.path(&file), serialize(part, None).unwrap()).unwrap();
    }
    index(dir, "model.safetensors.index.json", &json!(map));
}

fn index(dir: &Folder, name: &str, map: &serde_json::Value) {
    let text = json!({ "metadata": { "total_size": 0 }, "weight_map": map }).to_string();
    fs::write(dir.path(name), text).unwrap();
}

#[test]
fn several_files_are_one_checkpoint() {
    let dir = Folder::new();
    shards(&dir);
    let read = |path: PathBuf| import::import(&path, &plain()).unwrap();
    let parted = read(dir.path("model.safetensors.index.json"));
    assert_eq!(parted, read(fixture("pytorch_lstm.safetensors")));
    // As in a download cache.
    std::os::unix::fs::symlink(dir.path("model.safetensors.index.json"), dir.path("link.json"))
        .unwrap();
    assert_eq!(read(dir.path("link.json")), parted);
    let report = dir.json("import model.safetensors.index.json -o m.json");
    assert_eq!((&report["head_key"], &report["unused"]), (&json!("fc"), &json!([])));
}

#[test]
fn indexes_that_are_refused() {
    let dir = Folder::new();
    shards(&dir);
    let first = "model-00001-of-00002.safetensors";
    index(&dir, "up.json", &json!({ "a": "../a.safetensors" }));
    index(&dir, "root.json", &json!({ "a": "/etc/passwd" }));
    index(&dir, "none.json", &json!({ "a": "absent.safetensors" }));
    index(&dir, "other.json", &json!({ "a": first }));
    index(&dir, "empty.json", &json!({}));
    index(&dir, "number.json", &json!({ "a": 1 }));
    fs::create_dir(dir.path("folder")).unwrap();
    index(&dir, "folder.json", &json!({ "a": "folder" }));
    fs::write(dir.path("list.json"), "{\"weights\": []}").unwrap();
    dir.tiny();
    refused(
        &dir,
        &[
            "import up.json -o m.json",
            "import root.json -o m.json",
            "import none.json -o m.json",
            "import other.json -o m.json",
            "import empty.json -o m.json",
            "import number.json -o m.json",
            "import folder.json -o m.json",
            "import list.json -o m.json",
            "import tiny.json -o m.json",
            "inspect model.safetensors.index.json",
        ],
        expect![[r#"
            $ htgen import up.json -o m.json
            error: up.json: weight_map: not the name of a file beside the index: found "../a.safetensors"; keep all files of a checkpoint in one folder
            $ htgen import root.json -o m.json
            error: root.json: weight_map: not the name of a file beside the index: found "/etc/passwd"; keep all files of a checkpoint in one folder
            $ htgen import none.json -o m.json
            error: absent.safetensors: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen import other.json -o m.json
            error: other.json: fc.bias: not where the index has it: found model-00001-of-00002.safetensors; do the files belong together?
            $ htgen import empty.json -o m.json
            error: empty.json: the keys match no known convention: found no tensor, expected pytorch (weight_ih_l0 and weight_hh_l0, or weight_ih and weight_hh); tednet (weight_ih.node0 or weight_ih.core_block0, and weight_hh); tensorized-rnn (cell0.input_weights and cell0.hidden_weights); keras (kernel, recurrent_kernel and bias); tt-rnn (a flat kernel and recurrent_kernel); cores (leaf.0, cores.0 or blocks.0.core, and bias); name one with --from to see what it misses; docs/import.md describes them
            $ htgen import number.json -o m.json
            error: number.json: not the index of a checkpoint (invalid type: integer "1", expected a string at line 1 column 48): expected a safetensors or npz file, or the index of several safetensors files
            $ htgen import folder.json -o m.json
            error: folder: not a regular file: found a folder
            $ htgen import list.json -o m.json
            error: list.json: not the index of a checkpoint (missing field "weight_map" at line 1 column 15): expected a safetensors or npz file, or the index of several safetensors files
            $ htgen import tiny.json -o m.json
            error: tiny.json: a model file, which needs no import: expected a safetensors or npz file, or the index of several safetensors files; give it to inspect, quantize or emit as it is
            $ htgen inspect model.safetensors.index.json
            error: model.safetensors.index.json: the index of a checkpoint, not a model; if it holds the weights of a layer, make a model of it with htgen import
        "#]],
    );
}

/// Halves, bfloat16, singles and doubles hold the same small numbers exactly.
#[test]
fn every_kind_of_number_gives_the_same_model() {
    let dir = Folder::new();
    let value = |k: usize| f64::from((k % 7) as u32) / 8.0 - 0.25;
    let shapes = [("weight_ih", [8, 3]), ("weight_hh", [8, 2])];
    let wide = |bits: u32| (bits >> 16) as u16;
    let half = |v: f32| {
        let bits = v.to_bits();
        let exponent = (bits >> 23 & 0xff) as i32 - 112;
        let magnitude =
            if v == 0.0 { 0 } else { (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16 };
        (bits >> 16) as u16 & 0x8000 | magnitude
    };
    let mut models = Vec::new();
    for dtype in [Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64] {
        let bytes = shapes.map(|(_, [rows, columns])| -> Vec<u8> {
            let values = (0..rows * columns).map(value);
            match dtype {
                Dtype::F16 => values.flat_map(|v| half(v as f32).to_le_bytes()).collect(),
                Dtype::BF16 => {
                    values.flat_map(|v| wide((v as f32).to_bits()).to_le_bytes()).collect()
                }
                Dtype::F32 => values.flat_map(|v| (v as f32).to_le_bytes()).collect(),
                _ => values.flat_map(f64::to_le_bytes).collect(),
            }
        });
        let views = shapes.iter().zip(&bytes).map(|((name, shape), bytes)| {
            (*name, TensorView::new(dtype, shape.to_vec(), bytes).unwrap())
        });
        fs::write(dir.path("m.safetensors"), serialize(views, None).unwrap()).unwrap();
        models.push(import::import(&dir.path("m.safetensors"), &plain()).unwrap().model);
        // NumPy has no bfloat16.
        if dtype != Dtype::BF16 {
            npz(&dir, dtype, &shapes, &bytes);
            models.push(import::import(&dir.path("m.npz"), &plain()).unwrap().model);
        }
    }
    assert_eq!(models.len(), 7);
    assert!(models.iter().all(|model| *model == models[0]));
}

/// An npz file as NumPy writes it.
fn npz(dir: &Folder, dtype: Dtype, shapes: &[(&str, [usize; 2])], data: &[Vec<u8>]) {
    let kind = match dtype {
        Dtype::F16 => "<f2",
        Dtype::F32 => "<f4",
        _ => "<f8",
    };
    let mut zip = zip::ZipWriter::new(fs::File::create(dir.path("m.npz")).unwrap());
    for ((name, [rows, columns]), data) in shapes.iter().zip(data) {
        let header = format!(
            "{{'descr': '{kind}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"
        );
        let header = format!("{header:<117}\n");
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
        zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
        zip.write_all(header.as_bytes()).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap();
}

/// Beginnings of files of other programs, under names that reveal nothing.
#[test]
fn other_kinds_are_named_by_every_reader() {
    let dir = Folder::new();
    fs::write(dir.path("a"), b"\x89HDF\r\n\x1a\n\0\0\0\0").unwrap();
    fs::write(dir.path("b"), b"\x08\x07\x12\x07pytorch\x1a\x05").unwrap();
    fs::write(dir.path("c"), b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.").unwrap();
    fs::write(dir.path("d"), b"\x80\x04\x95\x05\0\0\0").unwrap();
    fs::write(dir.path("e"), b"\x1c\0\0\0TFL3\x14\0").unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(dir.path("f")).unwrap());
    zip.start_file("archive/data.pkl", zip::write::SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(dir.path("g")).unwrap());
    zip.start_file("metadata.json", zip::write::SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    fs::write(dir.path("h.ckpt"), b"\0\0\0").unwrap();
    save(&dir, "i.safetensors", &[("weight_ih", &[8, 3]), ("weight_hh", &[8, 2])]);
    dir.data();
    refused(
        &dir,
        &[
            "import a -o m.json",
            "inspect a",
            "import b -o m.json",
            "import c -o m.json",
            "emit d -o rtl",
            "inspect e",
            "import f -o m.json",
            "run g --inputs data.npz",
            "import h.ckpt -o m.json",
            "inspect i.safetensors",
            "inspect data.npz",
        ],
        expect![[r#"
            $ htgen import a -o m.json
            error: a: an HDF5 file, as written by Keras (.h5, .hdf5), which htgen does not read; load it in Keras and write its weights with numpy.savez; docs/import.md shows how
            $ htgen inspect a
            error: a: an HDF5 file, as written by Keras (.h5, .hdf5), which htgen does not read; load it in Keras and write its weights with numpy.savez; docs/import.md shows how
            $ htgen import b -o m.json
            error: b: an ONNX model, which htgen does not read; write the weights of the network that it was exported from; docs/import.md shows how from PyTorch and Keras
            $ htgen import c -o m.json
            error: c: a torch.save file, which htgen does not read; load it in PyTorch and write its state_dict() with safetensors.torch.save_file; docs/import.md shows how
            $ htgen emit d -o rtl
            error: d: a Python pickle, which htgen does not read; a pickle can run any program, so it is never loaded here; load it where it comes from, and write its arrays with numpy.savez or its tensors with safetensors
            $ htgen inspect e
            error: e: a TensorFlow Lite model, which htgen does not read; load it in TensorFlow and write its variables with numpy.savez; docs/import.md has the names
            $ htgen import f -o m.json
            error: f: a torch.save file or a TorchScript module, which htgen does not read; load it in PyTorch and write its state_dict() with safetensors.torch.save_file; docs/import.md shows how
            $ htgen run g --inputs data.npz
            error: g: a .keras file, which htgen does not read; load it in Keras and write its weights with numpy.savez; docs/import.md shows how
            $ htgen import h.ckpt -o m.json
            error: h.ckpt: by its name a TensorFlow or PyTorch checkpoint, which htgen does not read; load it in TensorFlow and write its variables with numpy.savez; docs/import.md has the names
            $ htgen inspect i.safetensors
            error: i.safetensors: a safetensors file, not a model; if it holds the weights of a layer, make a model of it with htgen import
            $ htgen inspect data.npz
            error: data.npz: an npz file, not a model; if it holds the weights of a layer, make a model of it with htgen import
        "#]],
    );
}
