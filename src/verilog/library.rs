//! The static modules, shipped inside the program.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// Every library module and the sigmoid's image: file name and text.
pub(super) fn files() -> impl Iterator<Item = (String, String)> {
    LIBRARY.iter().map(|(name, text)| ((*name).to_string(), (*text).to_string()))
}

/// The parameters of `ht_engine` with what its text says of each.
pub(super) fn engine_parameters() -> impl Iterator<Item = (&'static str, &'static str)> {
    let (_, engine) =
        LIBRARY.iter().find(|(name, _)| *name == "ht_engine.v").expect("it is listed");
    engine.lines().map_while(|line| (line != ") (").then_some(line)).filter_map(|line| {
        let (name, rest) = line.trim_start().strip_prefix("parameter ")?.split_once('=')?;
        Some((name.trim_end(), rest.split_once("//").map_or("", |(_, meaning)| meaning.trim())))
    })
}

macro_rules! library {
    ($($name:literal)*) => {
        const LIBRARY: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../templates/lib/", $name)))),*];
    };
}

library! {
    "ht_act.v" "ht_address.v" "ht_banks.v" "ht_cell.v" "ht_cell_gru.v" "ht_cells.v" "ht_convert.v"
    "ht_engine.v" "ht_input_buffer.v" "ht_lanes.v" "ht_loader.v" "ht_mac.v" "ht_mul.v" "ht_output.v"
    "ht_pick.v" "ht_ram.v"
    "ht_requant.v" "ht_resize.v" "ht_rom.v" "ht_round.v" "ht_select.v" "ht_sequencer.v"
    "ht_hard_sigmoid.hex" "ht_sigmoid.hex" "ht_skid.v" "ht_table.v" "ht_writeback.v"
}
