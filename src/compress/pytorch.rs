//! Dense layers in PyTorch's names from a safetensors file: `weight_ih_l0`, `weight_hh_l0`,
//! `bias_ih_l0`, `bias_hh_l0` and so on behind one prefix, gates i, f, g, o or r, z, n, and a linear
//! head.

use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use crate::model::{
    Cell, Columns, Factors, GateActivation, InputPrep, Layer, Linear, Matrix, Model, TensorFile,
    shape_text,
};
use std::collections::BTreeMap;
use std::path::Path;

/// Largest file.
const MAX_BYTES: u64 = 1 << 31;
/// Most layers.
const MAX_LAYERS: usize = 64;
/// Names listed in a message.
const MAX_LISTED: usize = 12;
const KNOWN: &str = "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, the same with _l1 and so on, \
                     behind one prefix such as `lstm.`; a head NAME.weight, NAME.bias";

/// Which linear layer is the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// The only one that fits.
    Found,
    /// This one.
    Named(String),
    /// None.
    None,
}

/// Reads a dense model; `prefix` chooses between several recurrent layers of the file. Also the names
/// of the tensors that are no part of it.
pub fn read(
    path: &Path,
    name: &str,
    prefix: Option<&str>,
    head: &Head,
    input: InputPrep,
) -> Result<(Model, Vec<String>)> {
    let bytes = files::read(path, MAX_BYTES)?;
    let in_file = |problem: Diagnostic| Problems::from(problem.in_file(path.display()));
    let mut names = Names::of(&bytes).map_err(in_file)?;
    let prefix = names.prefix(prefix).map_err(in_file)?;
    let mut layers = Vec::new();
    while layers.len() < MAX_LAYERS
        && names.shapes.contains_key(&format!("{prefix}weight_ih_l{}", layers.len()))
    {
        layers.push(names.layer(&prefix, layers.len()).map_err(in_file)?);
    }
    let last = layers.last().map_or(0, |layer| layer.hidden);
    let head = names.head(head, &prefix, last).map_err(in_file)?;
    let model = Model { name: name.to_owned(), layers, head, input, formats: None };
    model.check().map_err(|problems| problems.in_file(path.display()))?;
    Ok((model, names.shapes.into_keys().collect()))
}

/// The tensors of a file that are not taken yet.
struct Names<'a> {
    file: TensorFile<'a>,
    shapes: BTreeMap<String, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn of(bytes: &'a [u8]) -> std::result::Result<Names<'a>, Diagnostic> {
        let file = TensorFile::parse("the file", bytes)
            .map_err(|problem| Diagnostic { place: String::new(), ..problem })?;
        let shapes = file.shapes();
        Ok(Names { file, shapes })
    }

    /// What stands before `weight_ih_l0`.
    fn prefix(&self, wanted: Option<&str>) -> std::result::Result<String, Diagnostic> {
        let keys = self.shapes.keys();
        let found: Vec<&str> = keys.filter_map(|key| key.strip_suffix("weight_ih_l0")).collect();
        let quoted = |prefix: &&str| format!("\"{}\"", prefix.escape_debug());
        let all = || found.iter().map(quoted).collect::<Vec<_>>().join(", ");
        match (wanted, &found[..]) {
            (_, []) => Err(Diagnostic::new("", "no recurrent layer in PyTorch's names")
                .found(listed(self.shapes.keys()))
                .expected(KNOWN)),
            (Some(wanted), _) => {
                let same =
                    |prefix: &&&str| prefix.trim_end_matches('.') == wanted.trim_end_matches('.');
                let found = found.iter().find(same);
                found.map(|prefix| (*prefix).to_owned()).ok_or_else(|| {
                    Diagnostic::new("--prefix", "no such layer")
                        .found(quoted(&wanted))
                        .expected(all())
                })
            }
            (None, [prefix]) => Ok((*prefix).to_owned()),
            (None, _) => Err(Diagnostic::new("", "several recurrent layers")
                .found(all())
                .help("choose one with --prefix")),
        }
    }

    fn layer(&mut self, prefix: &str, index: usize) -> std::result::Result<Layer, Diagnostic> {
        let key = |stem: &str| format!("{prefix}{stem}_l{index}");
        for (other, what) in [
            (format!("{prefix}weight_ih_l{index}_reverse"), "a bidirectional layer"),
            (key("weight_hr"), "a layer with a projection of h"),
        ] {
            if self.shapes.contains_key(&other) {
                return Err(Diagnostic::new(other, format!("{what}, which no model has")));
            }
        }
        let [rows, inputs] = self.two(&key("weight_ih"), "gates x H, N")?;
        let [of_rows, hidden] = self.two(&key("weight_hh"), "gates x H, H")?;
        let cell = match rows / hidden.max(1) {
            4 if rows == 4 * hidden => Cell::Lstm,
            3 if rows == 3 * hidden => Cell::Gru,
            _ => {
                return Err(Diagnostic::new(key("weight_hh"), "neither an LSTM nor a GRU")
                    .found(format!("{rows} rows of weight_ih, {hidden} columns of weight_hh"))
                    .expected("4 or 3 times as many rows as columns"));
            }
        };
        if of_rows != rows {
            return Err(Diagnostic::new(key("weight_hh"), "wrong shape")
                .found(shape_text(&[of_rows, hidden]))
                .expected(format!("{rows} rows, as in weight_ih")));
        }
        let of_x = self.take(&key("weight_ih"))?;
        let of_h = self.take(&key("weight_hh"))?;
        let mut bias = self.bias(&key("bias_ih"), rows)?;
        let mut of_product = self.bias(&key("bias_hh"), rows)?;
        // r multiplies the candidate's hidden product together with its bias.
        let summed = if cell == Cell::Gru { 2 * hidden } else { rows };
        let candidate_bias = of_product.split_off(summed);
        bias.iter_mut().zip(of_product).for_each(|(bias, other)| *bias += other);
        let dense = |columns: Columns, width: usize, weight: Vec<f64>| Matrix {
            columns,
            out_modes: vec![rows],
            in_modes: vec![width],
            factors: Factors::Dense(weight),
        };
        Ok(Layer {
            cell,
            gate_activation: GateActivation::Sigmoid,
            inputs,
            hidden,
            matrices: vec![
                dense(Columns::Input, inputs, of_x),
                dense(Columns::Hidden, hidden, of_h),
            ],
            bias,
            candidate_bias,
        })
    }

    fn head(
        &mut self,
        wanted: &Head,
        prefix: &str,
        hidden: usize,
    ) -> std::result::Result<Option<Linear>, Diagnostic> {
        let name = match wanted {
            Head::None => return Ok(None),
            Head::Named(name) => name.trim_end_matches('.').to_owned(),
            Head::Found => {
                let fits = |(key, shape): (&String, &Vec<usize>)| {
                    let name = key.strip_suffix(".weight")?;
                    let is_head = matches!(shape[..], [_, columns] if columns == hidden);
                    (is_head && !(name.len() < prefix.len() && prefix.starts_with(name)))
                        .then(|| name.to_owned())
                };
                let mut found: Vec<String> = self.shapes.iter().filter_map(fits).collect();
                if found.len() > 1 {
                    return Err(Diagnostic::new("", "several linear layers could be the head")
                        .found(listed(found.iter()))
                        .help("name one with --head, or take none with --no-head"));
                }
                let Some(name) = found.pop() else { return Ok(None) };
                name
            }
        };
        let [outputs, columns] = self.two(&format!("{name}.weight"), "outputs, H")?;
        if columns != hidden {
            return Err(Diagnostic::new(format!("{name}.weight"), "wrong shape")
                .found(shape_text(&[outputs, columns]))
                .expected(format!("{hidden} columns, the hidden units of the last layer")));
        }
        let weight = self.take(&format!("{name}.weight"))?;
        let bias = self.bias(&format!("{name}.bias"), outputs)?;
        Ok(Some(Linear { outputs, weight, bias }))
    }

    /// The two axes of a tensor.
    fn two(&self, key: &str, axes: &str) -> std::result::Result<[usize; 2], Diagnostic> {
        match self.shapes.get(key).map(Vec::as_slice) {
            Some(&[rows, columns]) if rows > 0 && columns > 0 => Ok([rows, columns]),
            Some(shape) => Err(Diagnostic::new(key, "wrong shape")
                .found(format!("[{}]", shape_text(shape)))
                .expected(format!("[{axes}]"))),
            None => Err(Diagnostic::new(key, "missing")
                .found(listed(self.shapes.keys()))
                .expected(KNOWN)),
        }
    }

    fn take(&mut self, key: &str) -> std::result::Result<Vec<f64>, Diagnostic> {
        let shape = self.shapes.remove(key).unwrap_or_default();
        self.file.values(key, &shape)
    }

    /// A bias; zeros when there is none.
    fn bias(&mut self, key: &str, count: usize) -> std::result::Result<Vec<f64>, Diagnostic> {
        match self.shapes.get(key) {
            None => Ok(vec![0.0; count]),
            Some(shape) if shape[..] == [count] => self.take(key),
            Some(shape) => Err(Diagnostic::new(key, "wrong shape")
                .found(format!("[{}]", shape_text(shape)))
                .expected(format!("[{count}]"))),
        }
    }
}

/// Some of the names, in order.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let count = names.len();
    let shown: Vec<String> = names.take(MAX_LISTED).map(|n| n.escape_debug().to_string()).collect();
    match count {
        0 => "no tensor".to_owned(),
        _ if count > MAX_LISTED => format!("{}, ...", shown.join(", ")),
        _ => shown.join(", "),
    }
}
