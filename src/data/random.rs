//! Random stimulus: sequences of different lengths, extreme values among them.

use super::{Sequences, Span, Values};
use crate::error::{Diagnostic, Result};
use crate::model::Element;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Longest random sequence, in steps.
const MAX_STEPS: u32 = 40;
/// Most stream elements in all.
const MAX_ELEMENTS: usize = 1 << 28;
/// Every so many sequences, two are extreme.
const CYCLE: usize = 8;

/// How the elements of a sequence are drawn.
#[derive(Clone, Copy)]
enum Kind {
    Lowest,
    Highest,
    Uniform,
}

impl Sequences {
    /// Seeded stimulus without labels: lengths from 1 to 40 steps, the first two of them 1 and 40;
    /// of eight sequences one holds only the smallest value (0 or -1) and one only the largest
    /// (255 or 1), the others are uniform between the two.
    pub fn random(
        inputs: usize,
        element: Element,
        sequences: usize,
        seed: u64,
    ) -> Result<Sequences> {
        let mut source = ChaCha8Rng::seed_from_u64(seed);
        let spans = random_spans(inputs, sequences, &mut source)?;
        let values = match element {
            Element::U8 => Values::U8(fill(&spans, inputs, |kind| match kind {
                Kind::Lowest => u8::MIN,
                Kind::Highest => u8::MAX,
                Kind::Uniform => source.next_u32().to_le_bytes()[0],
            })),
            Element::Real => Values::F32(fill(&spans, inputs, |kind| match kind {
                Kind::Lowest => -1.0,
                Kind::Highest => 1.0,
                // 24 random bits fill an f32 exactly.
                Kind::Uniform => (source.next_u32() >> 8) as f32 / 2f32.powi(23) - 1.0,
            })),
        };
        Ok(Sequences { inputs, spans, values, labels: None })
    }
}

fn random_spans(inputs: usize, sequences: usize, source: &mut ChaCha8Rng) -> Result<Vec<Span>> {
    // Lengths must fit before any is drawn: the longest data set that they could make counts.
    let longest = sequences.checked_mul(MAX_STEPS as usize);
    let fits = longest
        .and_then(|rows| rows.checked_mul(inputs))
        .is_some_and(|elements| elements <= MAX_ELEMENTS);
    if sequences == 0 || inputs == 0 || !fits {
        let most = MAX_ELEMENTS / MAX_STEPS as usize / inputs.max(1);
        return Err(Diagnostic::new("", "number of random sequences out of range")
            .found(sequences)
            .expected(format!("1 to {most} for {inputs} inputs"))
            .into());
    }
    let mut first = 0;
    let spans = (0..sequences).map(|k| {
        let n_steps = match k {
            0 => 1,
            1 => MAX_STEPS,
            _ => 1 + source.next_u32() % MAX_STEPS,
        } as usize;
        let span = Span { first, n_steps };
        first += n_steps;
        span
    });
    Ok(spans.collect())
}

fn fill<T>(spans: &[Span], inputs: usize, mut draw: impl FnMut(Kind) -> T) -> Vec<T> {
    let mut values = Vec::new();
    for (k, span) in spans.iter().enumerate() {
        let kind = match k % CYCLE {
            2 => Kind::Lowest,
            3 => Kind::Highest,
            _ => Kind::Uniform,
        };
        values.extend((0..span.n_steps * inputs).map(|_| draw(kind)));
    }
    values
}
