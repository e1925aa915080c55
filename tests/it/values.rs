//! The numbers beside a model: when they go there, and that one file is never combined with an
//! older or newer version of the other.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::interrupted::{Moment, interrupt};
use crate::support::needs;
use htgen::data::{Array, ArrayData, write_npz};
use htgen::model::{self, Cores, MOST_INLINE, Model};
use htgen::tool::Tool;
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::MetadataExt;

const SMALL: &str = "new --inputs 8 --hidden 4 --format dense --head 3 --safetensors -o m.json";

/// More numbers than a model file holds.
const LARGE: &str =
    "new --inputs 1024 --hidden 256 --format dense --recurrent dense --head 3 -o m.json";

fn seeded(seed: usize) -> String {
    format!("{SMALL} --seed {seed}")
}

/// What `inspect` says about a pair that does not belong together.
const MIXED: &str = "\
error: m.json: cores_sha256: m.safetensors is not the file that this model was written with: found \
FOUND…, expected EXPECTED…; copy both files again, or rerun the command that wrote them, which \
may have been interrupted; if the numbers were changed on purpose, remove this key
";

#[test]
fn a_mixture_of_two_models_is_refused() {
    let dir = Folder::new();
    let [first, second] = [1, 2].map(|seed| {
        dir.done(&seeded(seed));
        ["m.json", "m.safetensors"].map(|name| fs::read(dir.path(name)).unwrap())
    });
    let hash = |json: &[u8]| {
        let value: serde_json::Value = serde_json::from_slice(json).unwrap();
        value["cores_sha256"].as_str().unwrap().to_owned()
    };
    for (json, values) in [(&first[0], &second[1]), (&second[0], &first[1])] {
        fs::write(dir.path("m.json"), json).unwrap();
        fs::write(dir.path("m.safetensors"), values).unwrap();
        let other = if json == &first[0] { &second[0] } else { &first[0] };
        let message = MIXED.replace("FOUND", &hash(other)[..12]);
        let message = message.replace("EXPECTED", &hash(json)[..12]);
        let ended = dir.htgen("inspect m.json");
        assert_eq!((ended.code, ended.messages()), (Some(2), message));
    }
    // An older file, or one from another program, gives no hash; a hash may be written in capitals.
    let text = String::from_utf8(first[0].clone()).unwrap();
    let older = text.lines().filter(|line| !line.contains("cores_sha256"));
    let capitals = text.replace(&hash(&first[0]), &hash(&first[0]).to_uppercase());
    fs::write(dir.path("m.safetensors"), &first[1]).unwrap();
    for text in [older.collect::<Vec<_>>().join("\n"), capitals] {
        fs::write(dir.path("m.json"), text).unwrap();
        dir.done("inspect m.json");
    }
    // A hash of nothing.
    dir.done("new --preset digits -o n.json");
    let text = fs::read_to_string(dir.path("n.json")).unwrap();
    let text = text.replacen("\"input\"", "\"cores_sha256\": \"00\", \"input\"", 1);
    fs::write(dir.path("n.json"), text).unwrap();
    let message = "error: n.json: cores_sha256: the hash of a file that is not named; the key \
                   cores names it\n";
    assert_eq!(dir.htgen("inspect n.json").messages(), message);
}

/// Whenever a command is killed, what is there is one of the two models intact, or it is refused.
#[test]
fn a_killed_command_leaves_no_mixture() {
    let dir = Folder::new();
    let models: Vec<Model> = [1, 2]
        .map(|seed| {
            dir.done(&seeded(seed));
            model::load(&dir.path("m.json")).unwrap()
        })
        .into();
    let mut counts = [0; 3];
    let identity = |name: &str| fs::metadata(dir.path(name)).map(|meta| meta.ino()).ok();
    for round in 0..40 {
        let passing = || dir.names().iter().filter(|name| name.starts_with(".htgen-")).count();
        // The other model is there, intact.
        let line = seeded(1 + round % 2);
        dir.done(&seeded(2 - round % 2));
        // While the files are written, when both are, and when the first of them has its name.
        let before = ["m.json", "m.safetensors"].map(identity);
        let placed = || ["m.json", "m.safetensors"].map(identity) != before;
        // Every moment comes to both seeds.
        let moment = round / 2 % 4;
        let seen = || if moment < 2 { passing() > moment } else { placed() };
        interrupt(&dir, &line, &[], Moment { signal: Signal::KILL, seen: &seen });
        let place = match model::load(&dir.path("m.json")) {
            Ok(found) => models.iter().position(|model| *model == found).expect("one of both"),
            Err(refusal) => {
                assert!(refusal.to_string().contains("cores_sha256"), "{refusal}");
                for name in ["m.json", "m.safetensors"] {
                    let _ = fs::remove_file(dir.path(name));
                }
                2
            }
        };
        counts[place] += 1;
    }
    println!("first, second, refused: {counts:?}");
    // A kill while the files are written leaves the previous one, of either seed.
    assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");
}

#[test]
fn many_numbers_go_beside_the_model() {
    let dir = Folder::new();
    dir.done(LARGE);
    let large = model::load(&dir.path("m.json")).unwrap();
    assert!(large.numbers() > MOST_INLINE, "{}", large.numbers());
    assert_eq!(dir.names(), ["m.json", "m.safetensors"]);
    assert!(fs::metadata(dir.path("m.json")).unwrap().len() < 4096);
    // Few of them do not.
    let few = Folder::new();
    few.done("new --inputs 8 --hidden 4 --format dense --head 3 -o m.json");
    assert_eq!(few.names(), ["m.json"]);
    // A checkpoint with that name is in the way, and stays.
    fs::write(few.path("large.safetensors"), "a checkpoint").unwrap();
    let refusal = model::save(&large, &few.path("large.json"), Cores::BySize).unwrap_err();
    let expected = "not the values of the model being written, so it is not replaced";
    assert!(refusal.to_string().contains(expected), "{refusal}");
    assert_eq!(few.names(), ["large.safetensors", "m.json"]);
    assert_eq!(fs::read(few.path("large.safetensors")).unwrap(), b"a checkpoint");
    // Any name will do for the model.
    model::save(&large, &few.path("my model"), Cores::BySize).unwrap();
    assert_eq!(model::load(&few.path("my model")).unwrap(), large);
    assert!(few.path("my model.safetensors").exists());
}

/// Every command that writes such a model, and the design of it, which is simulated.
#[test]
fn what_is_emitted_of_a_large_model_can_be_simulated() {
    let dir = Folder::new();
    dir.done(LARGE);
    let x = Array { shape: vec![1, 2, 1024], data: ArrayData::U8(vec![7; 2048]) };
    write_npz(&dir.path("x.npz"), &[("x", x)]).unwrap();
    dir.done("quantize m.json --calibrate x.npz -o q.json");
    assert!(dir.path("q.safetensors").exists());
    dir.done("emit q.json --pe 256 -o rtl");
    assert!(dir.path("rtl/model.safetensors").exists());
    if needs(Tool::Verilator).is_some() {
        let report = dir.json("sim rtl --inputs x.npz");
        assert_eq!(report["bit_exact"], true);
    }
}
