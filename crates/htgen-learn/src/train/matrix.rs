//! One factored matrix with gradients: its products with x and, rebuilt, its columns of h.
//!
//! The tensor network is that of `network::build`, so every format is trained by the same code. The
//! columns of x and those of h are handled separately: for each column mode, only the values that
//! they need.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::contract::{Contraction, IndexedTensor};
use super::order::{ContractionPath, IndexSets};
use super::real::Real;
use crate::model::{Columns, Layer, Matrix};
use crate::network::{self, IndexId, IndexKind};
use std::sync::Arc;

mod values;

use values::Values;

/// Where the values of a matrix go in its network, and how the network is contracted.
#[derive(Debug)]
pub struct Wiring {
    nodes: Vec<Node>,
    /// Column modes and row indices of the network, slowest first.
    columns: Vec<u8>,
    rows: Vec<u8>,
    n_rows: usize,
    x: Option<Part>,
    h: Option<Part>,
}

/// A tensor of the network, and where its values are among the parameters.
#[derive(Debug)]
struct Node {
    indices: Vec<u8>,
    dims: Vec<usize>,
    values: Values,
}

/// The columns of x or of h.
#[derive(Debug)]
struct Part {
    /// First value and number of values of each column mode.
    ranges: Vec<(usize, usize)>,
    /// Columns of the vector within these, padding around it.
    before: usize,
    width: usize,
    /// For each node, the ranges of its axes.
    boxes: Vec<Vec<(usize, usize)>>,
    order: ContractionPath,
}

impl Wiring {
    /// Wires one matrix of a checked layer for products with `vectors` vectors x at a time.
    pub fn of(layer: &Layer, matrix: &Matrix, vectors: usize) -> Wiring {
        let numbered = numbered(matrix);
        let network = network::build(layer, &numbered);
        let network = network.expect("numbers in place of the values of a checked matrix");
        let parameters = numbered.factors.parameters();
        let nodes: Vec<Node> = network
            .nodes()
            .iter()
            .map(|node| Node {
                indices: node.tensor.indices().iter().map(|id| id.0).collect(),
                dims: node.tensor.dims().to_vec(),
                values: Values::of(node.tensor.data(), parameters),
            })
            .collect();
        let ids = |ids: Vec<IndexId>| ids.into_iter().map(|id| id.0).collect::<Vec<u8>>();
        let columns = ids(network.columns());
        let rows = ids(network.rows());
        let sizes: Vec<usize> = network.indices().iter().map(|index| index.size).collect();
        debug_assert!(network.indices().iter().take(columns.len()).all(is_column));
        let mut wiring = Wiring { nodes, columns, rows, n_rows: matrix.rows(), x: None, h: None };
        let (x, h) = match matrix.columns {
            Columns::InputAndHidden { hidden_offset } => {
                (Some((0, layer.inputs)), Some((hidden_offset, layer.hidden)))
            }
            Columns::Input => (Some((0, layer.inputs)), None),
            Columns::Hidden => (None, Some((0, layer.hidden))),
        };
        wiring.x = x.map(|x| wiring.part(&matrix.in_modes, x, &sizes, Some(vectors)));
        wiring.h = h.map(|h| wiring.part(&matrix.in_modes, h, &sizes, None));
        wiring
    }

    fn part(
        &self,
        modes: &[usize],
        (first, width): (usize, usize),
        sizes: &[usize],
        vectors: Option<usize>,
    ) -> Part {
        let (ranges, start) = ranges(modes, first, first + width - 1);
        let mut sizes = sizes.to_vec();
        for (id, range) in self.columns.iter().zip(&ranges) {
            sizes[usize::from(*id)] = range.1;
        }
        let set = |ids: &[u8]| ids.iter().fold(0u64, |set, id| set | 1 << id);
        let mut tensors: Vec<u64> = self.nodes.iter().map(|node| set(&node.indices)).collect();
        let mut output = set(&self.rows);
        match vectors {
            Some(vectors) => {
                let batch = 1u64 << sizes.len();
                sizes.push(vectors);
                tensors.push(set(&self.columns) | batch);
                output |= batch;
            }
            None => output |= set(&self.columns),
        }
        let order = IndexSets { tensors, sizes, output }.order();
        let of_node = |node: &Node| -> Vec<(usize, usize)> {
            let range = |(id, dim): (&u8, &usize)| {
                let mode = self.columns.iter().position(|column| column == id);
                mode.map_or((0, *dim), |mode| ranges[mode])
            };
            node.indices.iter().zip(&node.dims).map(range).collect()
        };
        let boxes = self.nodes.iter().map(of_node).collect();
        Part { ranges, before: first - start, width, boxes, order }
    }

    /// W x for rows of vectors: vectors x inputs to vectors x rows; `None` if the matrix has no
    /// columns of x. x receives a gradient if it `varies`.
    pub fn times_x<T: Real>(
        &self,
        values: &[T],
        x: &Arc<Vec<T>>,
        varies: bool,
    ) -> Option<(Product<T>, Vec<T>)> {
        let part = self.x.as_ref()?;
        let mut operands = self.operands(values, part);
        let batch = operands.iter().flat_map(|o| &o.indices).max().map_or(0, |id| id + 1);
        let vectors = x.len() / part.width;
        let wide = part.box_width();
        let flat = if part.width < wide {
            let mut padded = vec![T::zero(); vectors * wide];
            for (to, from) in padded.chunks_exact_mut(wide).zip(x.chunks_exact(part.width)) {
                to[part.before..part.before + part.width].copy_from_slice(from);
            }
            Arc::new(padded)
        } else {
            Arc::clone(x)
        };
        let dims = [vectors].into_iter().chain(part.ranges.iter().map(|range| range.1)).collect();
        let indices = [&[batch], &self.columns[..]].concat();
        operands.push(IndexedTensor { flat, dims, indices, varies });
        let output = [&[batch], &self.rows[..]].concat();
        let (contraction, result) = Contraction::of(operands, &part.order, &output);
        Some((Product { contraction, of_x: true }, result))
    }

    /// The columns of h, transposed: hidden x rows; `None` if the matrix has none.
    pub fn recurrent<T: Real>(&self, values: &[T]) -> Option<(Product<T>, Vec<T>)> {
        let part = self.h.as_ref()?;
        let output = [&self.columns[..], &self.rows[..]].concat();
        let operands = self.operands(values, part);
        let (contraction, mut result) = Contraction::of(operands, &part.order, &output);
        result.drain(..part.before * self.n_rows);
        result.truncate(part.width * self.n_rows);
        Some((Product { contraction, of_x: false }, result))
    }

    /// Computes the gradient of the values of the matrix from that of a product and adds it to
    /// `to`; returns the gradient of x if it varies.
    pub fn gradients<T: Real>(
        &self,
        product: Product<T>,
        mut gradient: Vec<T>,
        to: &mut [T],
    ) -> Option<Vec<T>> {
        let part = if product.of_x { &self.x } else { &self.h };
        let part = part.as_ref().expect("the part that the product was made with");
        let wide = part.box_width();
        if !product.of_x && part.width < wide {
            let before = part.before * self.n_rows;
            gradient.splice(0..0, std::iter::repeat_n(T::zero(), before));
            gradient.resize(wide * self.n_rows, T::zero());
        }
        let mut gradients = product.contraction.gradients(gradient).into_iter();
        for (node, ranges) in self.nodes.iter().zip(&part.boxes) {
            if let Some(gradient) = gradients.next().flatten() {
                node.values.add(&gradient, &node.dims, ranges, to);
            }
        }
        let of_x = gradients.next().flatten()?;
        let own = |row: &[T]| row[part.before..part.before + part.width].to_vec();
        Some(if part.width < wide { of_x.chunks_exact(wide).flat_map(own).collect() } else { of_x })
    }

    /// The tensors of the network, cut to the columns of a part.
    fn operands<T: Real>(&self, values: &[T], part: &Part) -> Vec<IndexedTensor<T>> {
        let cut = |(node, ranges): (&Node, &Vec<(usize, usize)>)| {
            let flat = Arc::new(node.values.take(values, &node.dims, ranges));
            let dims = ranges.iter().map(|range| range.1).collect();
            IndexedTensor { flat, dims, indices: node.indices.clone(), varies: true }
        };
        self.nodes.iter().zip(&part.boxes).map(cut).collect()
    }
}

/// What the gradient of a product with the columns of x, or of the rebuilt columns of h, needs.
#[derive(Debug)]
pub struct Product<T> {
    contraction: Contraction<T>,
    of_x: bool,
}

impl Part {
    fn box_width(&self) -> usize {
        self.ranges.iter().map(|range| range.1).product()
    }
}

fn is_column(index: &network::Index) -> bool {
    matches!(index.kind, IndexKind::Column(_))
}

/// The matrix with 1, 2, 3, … as its values, so that a network of it shows where each one goes.
fn numbered(matrix: &Matrix) -> Matrix {
    let mut matrix = matrix.clone();
    let mut next = 0.0;
    for value in matrix.factors.values_mut().into_iter().flatten() {
        next += 1.0;
        *value = next;
    }
    matrix
}

/// For each column mode, the values between the columns `first` and `last`, and the first column of
/// the box that these span; the columns of a box are consecutive.
fn ranges(modes: &[usize], first: usize, last: usize) -> (Vec<(usize, usize)>, usize) {
    let strides = network::strides(modes);
    let mut ranges = Vec::with_capacity(modes.len());
    let (mut common, mut start) = (true, 0);
    for (&size, &stride) in modes.iter().zip(&strides) {
        let (low, high) = (first / stride % size, last / stride % size);
        if common {
            ranges.push((low, high - low + 1));
            start += low * stride;
        } else {
            ranges.push((0, size));
        }
        common &= low == high;
    }
    (ranges, start)
}
