//! The options of `htgen new` for formats, cells and layers, and what they refuse.
// SPDX-License-Identifier: MIT OR Apache-2.0

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
    expect![[r#"
        m: 104 parameters for 624 dense ones, 6.0 times fewer, in m.json
          layer 0, input: tensor-train, rows 4 x 2 x 3, columns 2 x 2 x 5, 62 parameters
          layer 0, hidden: tensor-train, rows 4 x 2 x 3, columns 1 x 2 x 3, 42 parameters
        m: 229 parameters for 624 dense ones, 2.7 times fewer, in m.json
          layer 0, input: tensor-train, rows 4 x 2 x 3, columns 2 x 2 x 5, 85 parameters
          layer 0, hidden: dense, rows 24, columns 6, 144 parameters
        m: 190 parameters for 912 dense ones, 4.8 times fewer, in m.json
          layer 0, input-and-hidden: tensor-ring, rows 4 x 6, columns 4 x 7, 104 parameters
          layer 1, input-and-hidden: tensor-ring, rows 4 x 6, columns 3 x 4, 86 parameters
        m: 256 parameters for 480 dense ones, 1.9 times fewer, in m.json
        m: 684 parameters for 684 dense ones, as many, in m.json
          layer 0, input-and-hidden: dense, rows 18, columns 26, 468 parameters
          layer 1, input-and-hidden: dense, rows 18, columns 12, 216 parameters
        m: 118 parameters for 468 dense ones, 4.0 times fewer, in m.json
          layer 0, input: hierarchical-tucker, rows 3 x 2 x 3, columns 2 x 2 x 5, 68 parameters
          layer 0, hidden: hierarchical-tucker, rows 3 x 2 x 3, columns 1 x 2 x 3, 50 parameters
    "#]]
    .assert_eq(&all.concat());
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
    refused(
        &dir,
        &lines,
        expect![[r#"
        $ htgen new --inputs 20 --hidden 6 --rank 2 -o m.json
        error: --out-modes: no modes; give --out-modes and --in-modes, or --modes
        $ htgen new --inputs 20 --hidden 6 --modes 2 -o m.json
        error: --rank: no rank; give --rank
        $ htgen new --inputs 20 --hidden 6 --modes 2 --out-modes 4,6 --in-modes 5,6 --rank 2 -o m.json
        error: the argument '--modes <COUNT>' cannot be used with:
          --out-modes <M,…>
          --in-modes <N,…>
        $ htgen new --inputs 20 --hidden 6 --out-modes 4,6 --rank 2 -o m.json
        error: the following required arguments were not provided:
          --in-modes <N,…>
        $ htgen new --inputs 20 --hidden 6 --modes 0 --rank 2 -o m.json
        error: modes: number of modes out of range: found 0, expected 1 to 8
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2 --closing-rank 3 -o m.json
        error: --closing-rank: only for --format tr
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2 --blocks 3 --format tt -o m.json
        error: --blocks: only for --format bt
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2:3 --format tt -o m.json
        error: ranks: leaves and inner nodes belong to a tree: found 2:3, expected one rank, or a list
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2 --format tt --tree (0,1) -o m.json
        error: tree: only for hierarchical Tucker: found (0,1); leave it out
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2 --format dense -o m.json
        error: ranks: a dense matrix has no ranks; leave them out
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2 --recurrent dense --hidden-offset 30 -o m.json
        error: --hidden-offset: h is in a matrix of its own; leave it out, or take --recurrent shared
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2 --recurrent dense --input-only -o m.json
        error: the argument '--recurrent <HOW>' cannot be used with '--input-only'
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2 --layers 65 -o m.json
        error: layers: number of layers out of range: found 65, expected 1 to 64
        $ htgen new --inputs 20 --hidden 6 --modes 2 --rank 2 --cell rnn -o m.json
        error: invalid value 'rnn' for '--cell <CELL>'
          [possible values: lstm, gru]
    "#]],
    );
}
