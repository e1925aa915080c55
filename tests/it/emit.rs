//! Emission: silent in the three readers, the same bytes each time.

use crate::exact::quantized;
use crate::models;
use htgen::config::HwConfig;
use htgen::quant::Widths;
use htgen::sched::{self, Program};
use htgen::verilog::{self, About, Bundle};

/// A bundle for a program.
pub fn bundle(program: &Program) -> Bundle {
    verilog::emit(program, &About { command: "htgen emit test.json".into() }).expect("emits")
}

#[test]
fn scratch() {
    let dir = std::path::PathBuf::from(std::env::var("SCRATCH").unwrap());
    let lanes: usize = std::env::var("LANES").unwrap().parse().unwrap();
    let name = std::env::var("NAME").unwrap();
    let shape = match name.parse::<u64>() {
        Ok(seed) => models::random_shape(seed),
        Err(_) => models::golden(&name),
    };
    let model = models::model(&shape);
    let quant = quantized(&model, Widths { weight_bits: 8, activation_bits: 12 });
    let hw = HwConfig { lanes, ..HwConfig::default() };
    let program = sched::schedule(&quant, &hw).unwrap();
    let bundle = bundle(&program);
    std::fs::create_dir_all(&dir).unwrap();
    for (name, text) in &bundle.files {
        std::fs::write(dir.join(name), text).unwrap();
    }
    println!("{program}");
}

#[test]
fn scratch_vectors() {
    use rand::{RngExt, SeedableRng};
    let dir = std::path::PathBuf::from(std::env::var("SCRATCH").unwrap());
    let lanes: usize = std::env::var("LANES").unwrap().parse().unwrap();
    let name = std::env::var("NAME").unwrap();
    let seed = name.parse::<u64>().unwrap_or(3);
    let shape = match name.parse::<u64>() {
        Ok(seed) => models::random_shape(seed),
        Err(_) => models::golden(&name),
    };
    let model = models::model(&shape);
    let quant = quantized(&model, Widths { weight_bits: 8, activation_bits: 12 });
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let beat = std::env::var("BEAT").map_or(1, |b| b.parse().unwrap());
    let hw = HwConfig { lanes, elements_per_beat: beat, ..HwConfig::default() };
    let program = sched::schedule(&quant, &hw).unwrap();
    let bundle = bundle(&program);
    std::fs::create_dir_all(&dir).unwrap();
    for (name, text) in &bundle.files {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let mut reference = htgen::fixed::Executor::new(&quant);
    let slot = if quant.input().stream_bits <= 8 { 8 } else { 16 };
    let mut lengths = Vec::new();
    let (mut input, mut output) = (String::new(), String::new());
    for _ in 0..4 {
        reference.reset();
        let steps = 1 + rng.random::<u32>() % 3;
        lengths.push(steps as usize);
        for t in 0..steps {
            let x = crate::exact::elements(&quant, &mut rng);
            reference.step(&x, &mut ());
            for (n, beat) in x.chunks(beat).enumerate() {
                let last = t + 1 == steps && (n + 1) * hw.elements_per_beat >= x.len();
                let words: Vec<String> = (0..hw.elements_per_beat)
                    .map(|k| (beat.get(k).copied().unwrap_or(0) & ((1 << slot) - 1)).to_string())
                    .collect();
                input.push_str(&format!("{} {}\n", u8::from(last), words.join(" ")));
            }
        }
        for v in reference.output(&mut ()) {
            output.push_str(&format!("{v}\n"));
        }
    }
    let text: Vec<String> = program.start_cycles(&lengths).iter().map(u64::to_string).collect();
    std::fs::write(dir.join("starts.txt"), text.join("\n") + "\n").unwrap();
    std::fs::write(dir.join("in.txt"), input).unwrap();
    std::fs::write(dir.join("out.txt"), output).unwrap();
}
