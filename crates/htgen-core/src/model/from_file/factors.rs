//! The factors of one matrix: which keys belong to which kind, and the shapes that the modes
//! require.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Reader;
use crate::error::Diagnostic;
use crate::model::file::{BlockFile, FactorsFile, FactorsKind, NodeFile, TensorFile};
use crate::model::{Block, Core, Factors, HtNode, shape};

/// Reads the factors of a matrix with these row and column modes; reports a problem and returns
/// empty factors if the key of the kind is missing.
pub(super) fn read(
    reader: &mut Reader<'_>,
    file: FactorsFile,
    [out_modes, in_modes]: [&[usize]; 2],
    place: &str,
) -> Factors {
    check_keys(reader, &file, place);
    let at = |key: &str| format!("{place}.{key}");
    match file.kind {
        FactorsKind::HierarchicalTucker => {
            let root = match file.tree {
                Some(tree) => Nodes { out_modes, in_modes, reader }.node(tree, true, &at("tree")),
                None => HtNode::Leaf { mode: 0, rank: 1, core: Vec::new() },
            };
            Factors::HierarchicalTucker(root)
        }
        FactorsKind::TensorTrain => {
            let pairs: Vec<Vec<usize>> =
                out_modes.iter().zip(in_modes).map(|(&m, &n)| vec![m, n]).collect();
            Factors::TensorTrain(chain(reader, file.cores, &pairs, &at("cores")))
        }
        FactorsKind::TensorRing => {
            let modes: Vec<Vec<usize>> =
                in_modes.iter().chain(out_modes).map(|&mode| vec![mode]).collect();
            Factors::TensorRing(chain(reader, file.cores, &modes, &at("cores")))
        }
        FactorsKind::BlockTerm => {
            let blocks = file.blocks.unwrap_or_default().into_iter().enumerate();
            let blocks = blocks.map(|(k, file)| {
                block(reader, file, [out_modes, in_modes], &format!("{place}.blocks[{k}]"))
            });
            Factors::BlockTerm(blocks.collect())
        }
        FactorsKind::Dense => {
            let side = |modes: &[usize]| shape::product(modes).unwrap_or(usize::MAX);
            let expected = [side(out_modes), side(in_modes)];
            let weight = file.weight.map(|file| reader.tensor(file, &expected, &at("weight")));
            Factors::Dense(weight.unwrap_or_default())
        }
    }
}

/// The one key that belongs to the kind is present, and no other.
fn check_keys(reader: &mut Reader<'_>, file: &FactorsFile, place: &str) {
    let wanted = match file.kind {
        FactorsKind::HierarchicalTucker => "tree",
        FactorsKind::TensorTrain | FactorsKind::TensorRing => "cores",
        FactorsKind::BlockTerm => "blocks",
        FactorsKind::Dense => "weight",
    };
    let present = [
        ("tree", file.tree.is_some()),
        ("cores", file.cores.is_some()),
        ("blocks", file.blocks.is_some()),
        ("weight", file.weight.is_some()),
    ];
    let names: Vec<&str> = present.iter().filter(|key| key.1).map(|key| key.0).collect();
    if names != [wanted] {
        let found = if names.is_empty() { "no key".to_string() } else { names.join(", ") };
        reader.found.push(
            Diagnostic::new(place, "wrong keys for the kind")
                .found(found)
                .expected(format!("only `{wanted}`")),
        );
    }
}

/// Cores of left rank x modes x right rank; the ranks are those of the file.
fn chain(
    reader: &mut Reader<'_>,
    files: Option<Vec<TensorFile>>,
    modes: &[Vec<usize>],
    place: &str,
) -> Vec<Core> {
    let Some(files) = files else { return Vec::new() };
    if files.len() != modes.len() {
        reader.found.push(
            Diagnostic::new(place, "wrong number of cores")
                .found(files.len())
                .expected(format!("{}, one per mode", modes.len())),
        );
        return Vec::new();
    }
    let cores = files.into_iter().zip(modes).enumerate().map(|(k, (file, modes))| {
        let rank = |at: Option<&usize>| at.copied().unwrap_or(1);
        let (left, right) = (rank(file.shape.first()), rank(file.shape.last()));
        let expected = [&[left][..], modes, &[right]].concat();
        ranked(reader, file, expected, &format!("{place}[{k}]"))
    });
    cores.collect()
}

fn block(
    reader: &mut Reader<'_>,
    file: BlockFile,
    [out_modes, in_modes]: [&[usize]; 2],
    place: &str,
) -> Block {
    let n_modes = out_modes.len().min(in_modes.len());
    let core_place = format!("{place}.core");
    if file.core.shape.len() != n_modes || file.factors.len() != n_modes {
        reader.found.push(
            Diagnostic::new(place, "not one rank and one factor per mode")
                .found(format!("{} and {}", file.core.shape.len(), file.factors.len()))
                .expected(format!("{n_modes} and {n_modes}")),
        );
        return Block { core: Core { shape: Vec::new(), data: Vec::new() }, factors: Vec::new() };
    }
    let ranks = file.core.shape.clone();
    let core = ranked(reader, file.core, ranks.clone(), &core_place);
    let factors = file.factors.into_iter().enumerate().map(|(k, factor)| {
        let expected = vec![out_modes[k], in_modes[k], ranks[k]];
        ranked(reader, factor, expected, &format!("{place}.factors[{k}]"))
    });
    Block { core, factors: factors.collect() }
}

fn ranked(reader: &mut Reader<'_>, file: TensorFile, shape: Vec<usize>, place: &str) -> Core {
    let data = reader.tensor(file, &shape, place);
    Core { shape, data }
}

/// Conversion of the tree of one matrix.
struct Nodes<'r, 'a> {
    out_modes: &'r [usize],
    in_modes: &'r [usize],
    reader: &'r mut Reader<'a>,
}

impl Nodes<'_, '_> {
    fn node(&mut self, file: NodeFile, is_root: bool, place: &str) -> HtNode {
        let core_place = format!("{place}.core");
        match (file.mode, file.left, file.right) {
            (None, Some(left), Some(right)) => {
                let expected = shape::inner(file.rank, left.rank, right.rank, is_root);
                HtNode::Inner {
                    rank: file.rank,
                    core: self.reader.tensor(file.core, &expected, &core_place),
                    left: Box::new(self.node(*left, false, &format!("{place}.left"))),
                    right: Box::new(self.node(*right, false, &format!("{place}.right"))),
                }
            }
            (Some(mode), None, None) => {
                let sizes = (self.out_modes.get(mode), self.in_modes.get(mode));
                let core = match sizes {
                    (Some(&rows), Some(&columns)) => {
                        let expected = shape::leaf(rows, columns, file.rank, is_root);
                        self.reader.tensor(file.core, &expected, &core_place)
                    }
                    // The rules of the model report the mode; the shape cannot be known.
                    _ => Vec::new(),
                };
                HtNode::Leaf { mode, rank: file.rank, core }
            }
            (mode, left, right) => {
                self.reader.found.push(
                    Diagnostic::new(place, "neither a leaf nor an inner node")
                        .found(keys(mode.is_some(), left.is_some(), right.is_some()))
                        .expected("only `mode`, or `left` and `right`"),
                );
                HtNode::Leaf { mode: mode.unwrap_or(0), rank: file.rank, core: Vec::new() }
            }
        }
    }
}

fn keys(mode: bool, left: bool, right: bool) -> String {
    let present = [(mode, "`mode`"), (left, "`left`"), (right, "`right`")];
    let names: Vec<&str> = present.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
    if names.is_empty() { "neither".to_string() } else { names.join(", ") }
}
