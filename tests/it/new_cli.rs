//! The options of `htgen new` for formats, cells and layers, and what they refuse.

use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use expect_test::expect;

const SIZE: &str = "new --inputs 20 --hidden 6";

#[test]
fn formats_cells_and_layers_by_option() {
    let dir = Folder::new();
    let lines = [
        "--format tt --modes 3 --rank 2 --recurrent factored",
        "--format tt --modes 3 --rank 2,3 --recurrent dense",
        "--format tr --modes 2 --rank 2 --closing-rank 3 --layers 2",
        "--format bt --out-modes 4,6 --in-modes 4,5 --rank 2,3 --blocks 2 --recurrent none",
        "--format dense --cell gru --gate-activation hard-sigmoid --layers 2",
        "--modes 3 --rank 2:3 --cell gru --recurrent factored --real",
    ];
    let all: Vec<String> =
        lines.iter().map(|line| dir.done(&format!("{SIZE} {line} -o m.json"))).collect();
    expect![[""]].assert_eq(&all.concat());
    let report = dir.json(&format!("{SIZE} {} -o m.json", lines[0]));
    assert_eq!(report["matrices"][1]["columns"], "hidden");
    assert_eq!(report["matrices"][1]["format"], "tensor-train");
    assert_eq!(report["matrices"][1]["out_modes"], serde_json::json!([4, 2, 3]));
}

#[test]
fn options_that_do_not_go_together() {
    let dir = Folder::new();
    let lines = [
        "--rank 2",
        "--modes 2",
        "--modes 2 --out-modes 4,6 --in-modes 5,6 --rank 2",
        "--out-modes 4,6 --rank 2",
        "--modes 0 --rank 2",
        "--modes 2 --rank 2 --closing-rank 3",
        "--modes 2 --rank 2 --blocks 3 --format tt",
        "--modes 2 --rank 2:3 --format tt",
        "--modes 2 --rank 2 --format tt --tree (0,1)",
        "--modes 2 --rank 2 --format dense",
        "--modes 2 --rank 2 --recurrent dense --hidden-offset 30",
        "--modes 2 --rank 2 --recurrent dense --input-only",
        "--modes 2 --rank 2 --layers 65",
        "--modes 2 --rank 2 --cell rnn",
    ];
    let lines: Vec<String> = lines.iter().map(|line| format!("{SIZE} {line} -o m.json")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    refused(&dir, &lines, expect![[""]]);
}
