//! Checkpoints with factored layers that are not imported: the message, and nothing written.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use crate::import_refusals::save;
use expect_test::expect;
use htgen::data::{Array, ArrayData, write_npz};

#[test]
fn factored_layers() {
    let dir = Folder::new();
    let tednet = |name: &str, cores: &[(&str, &[usize])]| {
        save(&dir, name, &[&[("weight_hh", &[8usize, 2][..])][..], cores].concat());
    };
    tednet("gap.safetensors", &[("weight_ih.node0", &[2, 8, 3]), ("weight_ih.node2", &[2, 1, 3])]);
    tednet(
        "meet.safetensors",
        &[
            ("weight_ih.node0", &[2, 8, 3]),
            ("weight_ih.node1", &[2, 1, 2, 2]),
            ("weight_ih.node2", &[2, 1, 2]),
        ],
    );
    tednet(
        "open.safetensors",
        &[
            ("weight_ih.node0", &[2, 3, 3]),
            ("weight_ih.node1", &[3, 4, 2]),
            ("weight_ih.node2", &[2, 2, 5]),
        ],
    );
    tednet(
        "factor.safetensors",
        &[("weight_ih.core_block0", &[2, 2]), ("weight_ih.factor0_block0", &[3, 4, 2])],
    );
    tednet(
        "factors.safetensors",
        &[
            ("weight_ih.core_block0", &[2, 2]),
            ("weight_ih.factor0_block0", &[3, 4, 2]),
            ("weight_ih.factor1_block0", &[3, 2, 3]),
        ],
    );
    let [x, h] = ["cell0.input_weights.parameters.0", "cell0.hidden_weights.parameters.0"];
    save(&dir, "gru.safetensors", &[(x, &[1, 6, 4, 1]), (h, &[1, 6, 2, 1])]);
    save(&dir, "square.safetensors", &[(x, &[1, 6, 4, 1]), (h, &[1, 6, 4, 1])]);
    save(&dir, "half.safetensors", &[(x, &[1, 8, 4, 1])]);
    save(
        &dir,
        "odd.safetensors",
        &[
            (x, &[1, 4, 2, 2]),
            ("cell0.input_weights.parameters.1", &[2, 2, 2, 1]),
            (h, &[1, 8, 2, 1]),
        ],
    );
    let names: Vec<String> =
        (0..9).map(|k| format!("cell0.input_weights.parameters.{k}")).collect();
    let mut deep: Vec<(&str, &[usize])> =
        names.iter().map(|name| (name.as_str(), &[1, 1, 1, 1][..])).collect();
    deep[0].1 = &[1, 8, 1, 1];
    deep.push((h, &[1, 8, 2, 1]));
    save(&dir, "deep.safetensors", &deep);
    refused(
        &dir,
        &[
            "import gap.safetensors -o m.json",
            "import meet.safetensors -o m.json",
            "import open.safetensors -o m.json",
            "import factor.safetensors -o m.json",
            "import factors.safetensors -o m.json",
            "import gru.safetensors -o m.json",
            "import square.safetensors -o m.json",
            "import half.safetensors -o m.json",
            "import odd.safetensors --gate-rows interleaved -o m.json",
            "import deep.safetensors -o m.json",
        ],
        expect![[r#"
            $ htgen import gap.safetensors -o m.json
            error: gap.safetensors: weight_ih.node1: no such tensor: expected one of weight_hh, weight_ih.node0, weight_ih.node2
            $ htgen import meet.safetensors -o m.json
            error: meet.safetensors: weight_ih.node1: ranks do not match: found 2, expected 3, that of the core before
            $ htgen import open.safetensors -o m.json
            error: open.safetensors: layers[0].matrices[0].factors.cores[2]: ranks do not match: found 5, expected 2, the rank of the first core
            $ htgen import factor.safetensors -o m.json
            error: factor.safetensors: weight_ih.factor1_block0: no such tensor: expected one of weight_hh, weight_ih.core_block0, weight_ih.factor0_block0
            $ htgen import factors.safetensors -o m.json
            error: factors.safetensors: layers[0].matrices[0].factors.blocks[0].factors[1]: wrong shape: found 2 x 3 x 3, expected 2 x 3 x 2
            $ htgen import gru.safetensors -o m.json
            error: gru.safetensors: cell0.hidden_weights: a GRU: expected an LSTM, 4H rows; its cell weights the old state with r instead of z, which is not a GRU that htgen supports
            $ htgen import square.safetensors -o m.json
            error: square.safetensors: cell0.hidden_weights: not an LSTM: found 6 rows of 4 columns, expected 4H rows of H columns
            $ htgen import half.safetensors -o m.json
            error: half.safetensors: cell0.hidden_weights.parameters.0: no such tensor: expected one of cell0.input_weights.parameters.0
            $ htgen import odd.safetensors --gate-rows interleaved -o m.json
            error: odd.safetensors: cell0.input_weights: the gate is not a part of the last row mode: found 2, expected a multiple of 4, to take every 4th row out of
            $ htgen import deep.safetensors -o m.json
            error: deep.safetensors: layers[0].matrices[0].out_modes: number of modes out of range: found 9, expected 1 to 8
            error: deep.safetensors: layers[0].matrices[0].in_modes: number of modes out of range: found 9, expected 1 to 8
        "#]],
    );
}

#[test]
fn flat_trains() {
    let dir = Folder::new();
    let floats = |shape: &[usize]| {
        let count = shape.iter().product();
        Array { shape: shape.to_vec(), data: ArrayData::F32(vec![0.5; count]) }
    };
    let save = |name: &str, kernel: &[usize], recurrent: &[usize]| {
        let arrays = [("kernel", floats(kernel)), ("recurrent_kernel", floats(recurrent))];
        write_npz(&dir.path(name), &arrays).unwrap();
    };
    // n 3 x 2, m (4 x 2) x 1, rank 2.
    save("tt.npz", &[52], &[2, 8]);
    save("gru.npz", &[52], &[2, 6]);
    save("dense.npz", &[6, 8], &[2, 8]);
    let ints = Array { shape: vec![52], data: ArrayData::I64(vec![1; 52]) };
    let arrays = [("kernel", ints), ("recurrent_kernel", floats(&[2, 8]))];
    write_npz(&dir.path("ints.npz"), &arrays).unwrap();
    let modes = "--in-modes 3,2 --out-modes 2,1";
    let lines = [
        "import tt.npz -o m.json".to_owned(),
        format!("import tt.npz {modes} -o m.json"),
        format!("import tt.npz {modes} --rank 3 -o m.json"),
        format!("import tt.npz {modes} --rank 1,2,2,1 -o m.json"),
        format!("import tt.npz {modes} --rank 99999999999999999 -o m.json"),
        "import tt.npz --in-modes 3,2 --out-modes 2,2 --rank 2 -o m.json".to_owned(),
        "import tt.npz --in-modes 3,2,1 --out-modes 2,1 --rank 2 -o m.json".to_owned(),
        "import tt.npz --in-modes 0,2 --out-modes 2,1 --rank 2 -o m.json".to_owned(),
        format!("import gru.npz {modes} --rank 2 -o m.json"),
        format!("import dense.npz {modes} --rank 2 -o m.json"),
        format!("import ints.npz {modes} --rank 2 -o m.json"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    refused(
        &dir,
        &lines,
        expect![[r#"
            $ htgen import tt.npz -o m.json
            error: tt.npz: modes and ranks of a flat train are not in the file: expected --in-modes, --out-modes and --rank; as in tt_input_shape, tt_output_shape and tt_ranks of the layer
            $ htgen import tt.npz --in-modes 3,2 --out-modes 2,1 -o m.json
            error: tt.npz: modes and ranks of a flat train are not in the file: expected --in-modes, --out-modes and --rank; as in tt_input_shape, tt_output_shape and tt_ranks of the layer
            $ htgen import tt.npz --in-modes 3,2 --out-modes 2,1 --rank 3 -o m.json
            error: tt.npz: kernel: other modes or ranks than these: found 52 values, expected 78 for n 3 x 2, m 8 x 1 and ranks 1 x 3 x 1
            $ htgen import tt.npz --in-modes 3,2 --out-modes 2,1 --rank 1,2,2,1 -o m.json
            error: tt.npz: not a rank for every edge of the train: found 4 ranks, expected one for all, 1 inner ones, or 3
            $ htgen import tt.npz --in-modes 3,2 --out-modes 2,1 --rank 99999999999999999 -o m.json
            error: tt.npz: kernel: other modes or ranks than these: found 52 values, expected 2599999999999999974 for n 3 x 2, m 8 x 1 and ranks 1 x 99999999999999999 x 1
            $ htgen import tt.npz --in-modes 3,2 --out-modes 2,2 --rank 2 -o m.json
            error: tt.npz: row modes have the wrong product: found 2 x 2, expected 2, the hidden units, or 8 with the gates
            $ htgen import tt.npz --in-modes 3,2,1 --out-modes 2,1 --rank 2 -o m.json
            error: tt.npz: modes come in pairs: found 3 of --in-modes, expected 2, as many as --out-modes
            $ htgen import tt.npz --in-modes 0,2 --out-modes 2,1 --rank 2 -o m.json
            error: tt.npz: column modes whose product is too large: found 0 x 2
            $ htgen import gru.npz --in-modes 3,2 --out-modes 2,1 --rank 2 -o m.json
            error: gru.npz: recurrent_kernel: not an LSTM: found 2 x 6, expected H x 4H; the GRU of TT_RNN multiplies by r before the product; htgen has the other form
            $ htgen import dense.npz --in-modes 3,2 --out-modes 2,1 --rank 2 -o m.json
            error: dense.npz: --in-modes does not apply here; the keys of keras and their shapes determine it; leave it out
            $ htgen import ints.npz --in-modes 3,2 --out-modes 2,1 --rank 2 -o m.json
            error: ints.npz: kernel: wrong type: found integers, expected F16, BF16, F32 or F64
        "#]],
    );
    dir.done(&format!("import tt.npz {modes} --rank 2 -o m.json"));
}
