//! The only test binary.
// SPDX-License-Identifier: MIT OR Apache-2.0

// clippy.toml allows this in `#[test]` functions; their helpers are tests as well.
#![allow(clippy::unwrap_used)]
// They create and inspect files of every kind, and start processes other than through `htgen::tool`
// as well.
#![allow(clippy::disallowed_methods)]

mod advice; // refusals: following them helps
mod all_orders; // every order of a small network
mod bench_images;
mod benches; // every library module in Verilator: the leaves ...
mod benches_cells; // ... the element-wise part
mod benches_engine; // ... lanes, buffers and streams
mod benches_program; // ... and what walks the program
mod bounds; // what a plan may take
mod cells; // what yosys makes of the library, as a table
mod changed; // models with some of their parts changed
mod checkpoints; // files of checkpoints, and files that are something else
mod cli; // each command end to end
mod cli_damage; // broken files of every kind
mod cli_design; // design folders that are not as emitted
mod cli_docs; // documents against definitions
mod cli_edited; // designs that were edited on purpose
mod cli_limits; // too large, too narrow, strangely named
mod cli_refusals; // bad input: text, exit code, nothing half written
mod cli_support;
mod cli_target; // whether a design can fit a board
mod cli_tools; // tools missing or too old
#[cfg(feature = "train")]
mod compare; // systems side by side, down to the board
mod compare_page;
#[cfg(feature = "compress")]
mod compress; // exact recovery, tolerances, budgets, the errors of nodes
#[cfg(feature = "compress")]
mod compress_budget; // ... used to the full
mod compress_cli; // dense checkpoints, refusals, the command end to end
#[cfg(feature = "compress")]
mod compress_refusals;
#[cfg(feature = "compress")]
mod compress_ring; // tensor rings, errors against another way of rebuilding
mod counts; // block memories and multipliers as yosys builds them
mod data_frames; // clips to frames
mod data_labels; // labels outside the classes, ends of sequences, parts and groups
mod data_motion; // drawn clips, and what a linear classifier sees in them
mod data_npz_kinds; // arrays as other programs write them
mod data_pictures; // turned pictures, orders of axes, memory
mod data_refusals; // bad recordings and clips, nothing half written
mod data_safetensors; // sequences as safetensors, as npz
mod data_sliding; // videos with one class per frame to windows in time
mod data_sliding_refusals;
mod data_support;
mod data_voices; // the example's voices, made again
mod data_wav; // recordings to features, against a plain computation
mod data_wav_kinds; // wav files as other programs write them
mod data_windows; // pictures to windows
mod dense; // the plain evaluation itself
mod digits;
mod emit;
mod errors;
mod errors_data;
#[cfg(all(feature = "train", feature = "compress"))]
mod every_command; // all that is read and written, as lines that other tests go through
mod exact;
mod examples; // the models that ship
mod formats; // every tensor format, cell and number of layers
mod formats_sim; // ... in Verilator
mod gates; // sums whose terms are far larger than the sum
mod import; // checkpoints against the outputs of their original layers
mod import_cores; // ... plain cores
mod import_factored; // ... refused, with factored layers
mod import_keras; // ... ordinary layers of Keras
mod import_keys; // ... which keys are used, left out, refused
mod import_refusals; // ... refused, of any kind
mod import_run; // ... through the stages
mod import_support;
mod inputs; // what their format clips, and ranges far from the others'
mod instruction_set; // docs/engine.md against the definition
mod interrupted; // signals in the middle of a command
mod judgement; // agreement, decisions and classes over data sets
mod lane_rusthdl; // the lane against its second description
mod layers; // imports in one direction, names with one meaning
mod limits; // plans under limits, against all orders of small networks
mod lint; // warnings, bounds and style of the library
mod merging; // in which pairs cores are merged
mod model;
mod models;
mod netlists; // the library after yosys for iCE40
#[cfg(all(feature = "train", feature = "compress"))]
mod never_over; // no command overwrites what it reads, under any name
mod new; // untrained models of every format
mod new_cli; // their options
mod packages; // what is published, and what it says of itself
mod plan;
mod proofs; // the FORMAL blocks, and mutants that they must refute
mod scripts; // what setup.sh and fresh.sh say before they do anything
mod second; // the rules a second time, in NumPy
mod sequences;
mod shared;
#[cfg(all(feature = "train", feature = "compress"))]
mod signals; // what no signal leaves, and what the next command clears
mod sim; // emitted designs against the reference, in Verilator
mod sim_bench; // the bench of all designs notices every broken rule
mod simulated;
#[cfg(all(feature = "train", feature = "compress"))]
mod special_files; // pipes, sockets and devices in place of files
mod stages; // what is no model, formats of another plan
mod support;
mod synth; // plans as text, boards, guards, and runs on a small design
mod terminal; // names with escape sequences, in everything that is shown
mod tidy; // rules of form for all files
mod tiny; // the committed design, byte by byte
mod tool; // lookup, versions, running and ending programs
#[cfg(feature = "train")]
mod train; // models from data: files, repeatability, interruptions
#[cfg(feature = "train")]
mod train_gradients; // every format against plain outputs and finite differences
#[cfg(feature = "train")]
mod train_models; // small models and their plain computation
#[cfg(feature = "train")]
mod train_quantized; // training in the integers of the reference
#[cfg(feature = "train")]
mod train_refusals; // bad data and configurations, losses that are not numbers
mod values; // the numbers beside a model
mod verilated;
mod width; // of lines, for tidy
