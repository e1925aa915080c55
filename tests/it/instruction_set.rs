//! The instruction set in docs/engine.md, against its definition.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_docs::filled;
use expect_test::expect_file;
use htgen::sched::isa::words::{DELTAS, INSTRUCTION, Item, LOADER, LOOP, NEST};
use htgen::sched::{Dest, Source};
use std::fs;

fn table<T>(items: &[Item<T>]) -> String {
    let row = |item: &Item<T>| {
        let modulo = if item.modulo { "; modulo 2^bits" } else { "" };
        format!("| {} | {} | {}{modulo} |\n", item.name, item.width.name(), item.meaning)
    };
    let rows: String = items.iter().map(row).collect();
    format!("| item | bits | meaning |\n| --- | --- | --- |\n{rows}")
}

fn codes() -> String {
    let row = |(source, dest): (Source, Dest)| {
        assert_eq!(source.code(), dest.code(), "both in the order of their codes");
        format!("| {} | {} | {} |\n", source.code(), source.meaning(), dest.meaning())
    };
    let rows: String = Source::ALL.into_iter().zip(Dest::ALL).map(row).collect();
    format!("| code | source | destination |\n| --- | --- | --- |\n{rows}")
}

#[test]
fn the_words_in_the_document_are_those_of_the_emitter() {
    let page = fs::read_to_string("docs/engine.md").unwrap();
    let page = filled(&page, "word: instruction", &table(&INSTRUCTION));
    let page = filled(&page, "word: loop", &table(&LOOP));
    let page = filled(&page, "word: nest", &table(&NEST));
    let page = filled(&page, "codes", &codes());
    let page = filled(&page, "word: deltas", &table(&DELTAS));
    let page = filled(&page, "word: loader", &table(&LOADER));
    expect_file!["../../docs/engine.md"].assert_eq(&page);
}
