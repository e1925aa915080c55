//! Hierarchical Tucker cores by name: `leaf.0` for a mode, `transfer.0-1` for the node above the
//! modes 0 and 1, `root`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::Diagnostic;
use crate::model::{Columns, Factors, HtNode, Matrix, Tree, shape_text};

/// The matrix of the cores with this `prefix`, over the tree in the text, or over the balanced one.
pub(super) fn matrix(
    checkpoint: &Checkpoint<'_>,
    prefix: &str,
    columns: Columns,
    tree: &str,
) -> Part<Matrix> {
    let n_modes = (0..).take_while(|k| checkpoint.has(&format!("{prefix}leaf.{k}"))).count();
    let tree = Tree::parse(tree, n_modes).map_err(|mut problems| problems.0.remove(0))?;
    let modes = (vec![0; n_modes], vec![0; n_modes]);
    let mut reader = Reader { checkpoint, prefix, out_modes: modes.0, in_modes: modes.1 };
    let root = reader.node(&tree, true).map_err(|problem| match problem.help {
        None => problem.help(format!("the tree is {tree}; `tree` names another")),
        Some(_) => problem,
    })?;
    let factors = Factors::HierarchicalTucker(root);
    Ok(Matrix { columns, out_modes: reader.out_modes, in_modes: reader.in_modes, factors })
}

struct Reader<'a> {
    checkpoint: &'a Checkpoint<'a>,
    prefix: &'a str,
    out_modes: Vec<usize>,
    in_modes: Vec<usize>,
}

impl Reader<'_> {
    fn node(&mut self, tree: &Tree, is_root: bool) -> Part<HtNode> {
        match tree {
            Tree::Leaf(mode) => {
                let name = format!("{}leaf.{mode}", self.prefix);
                let core = if is_root {
                    self.checkpoint.of_axes(&name, "m, n", 2)?
                } else {
                    self.checkpoint.of_axes(&name, "m, n, rank", 3)?
                };
                (self.out_modes[*mode], self.in_modes[*mode]) = (core.shape[0], core.shape[1]);
                let rank = core.shape.get(2).copied().unwrap_or(1);
                Ok(HtNode::Leaf { mode: *mode, rank, core: core.data })
            }
            Tree::Pair(left, right) => {
                let left = Box::new(self.node(left, false)?);
                let right = Box::new(self.node(right, false)?);
                let below = [left.rank(), right.rank()];
                let (name, axes) = match is_root {
                    true => (format!("{}root", self.prefix), "left, right"),
                    false => (
                        format!("{}transfer.{}", self.prefix, modes(tree).join("-")),
                        "rank, left, right",
                    ),
                };
                let core = self.checkpoint.of_axes(&name, axes, if is_root { 2 } else { 3 })?;
                if !core.shape.ends_with(&below) {
                    return Err(Diagnostic::new(escaped(&name), "ranks do not match")
                        .found(shape_text(&core.shape))
                        .expected(format!(
                            "ranks {} and {} of the nodes below",
                            below[0], below[1]
                        )));
                }
                let rank = if is_root { 1 } else { core.shape[0] };
                Ok(HtNode::Inner { rank, core: core.data, left, right })
            }
        }
    }
}

/// The modes below a node, left to right.
fn modes(tree: &Tree) -> Vec<String> {
    match tree {
        Tree::Leaf(mode) => vec![mode.to_string()],
        Tree::Pair(left, right) => [modes(left), modes(right)].concat(),
    }
}
