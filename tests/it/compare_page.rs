//! The page of a comparison: the sentences and the plots that follow from the figures.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::compare::{
    Accuracy, BoardResult, Comparison, LaneResult, Spread, SystemResult, over_cycles,
    over_parameters, page,
};

fn system(name: &str, accuracy: [f64; 3], parameters: u64, lut4: Option<u64>) -> SystemResult {
    let [least, mean, largest] = accuracy;
    let float = Spread { mean, least, largest };
    SystemResult {
        name: name.to_lowercase(),
        label: name.into(),
        best_try: 0,
        parameters,
        recurrent_parameters: 0,
        dense_parameters: 1000,
        float,
        balanced: float,
        fixed: vec![Accuracy { weight_bits: 8, activation_bits: 12, accuracy: float }],
        macs_per_step: 500,
        rom_bits: 8 * parameters,
        buffer_bits: 100,
        lanes: vec![LaneResult {
            lanes: 8,
            cycles_per_step: 70.0,
            efficiency: 0.9,
            outputs_compared: 10,
            bit_exact: true,
        }],
        boards: vec![BoardResult {
            target: "icebreaker".into(),
            lanes: 4,
            fits: lut4.is_some(),
            shortage: vec!["41 block RAM for 30".into()],
            lut4,
            dsp: 6,
            bram: 41,
            fmax_mhz: lut4.map(|_| 30.0),
            inferences_per_second: lut4.map(|_| 100.0),
        }],
    }
}

fn comparison(systems: Vec<SystemResult>) -> Comparison {
    Comparison {
        name: "two".into(),
        title: "Two".into(),
        about: String::new(),
        training: 80,
        validation: 20,
        tries: 1,
        seeds: vec![1, 2, 3],
        epochs: 5,
        systems,
        commands: vec!["htgen doctor".into()],
    }
}

/// Where the first system does not win, the page says so.
#[test]
fn verdicts_follow_from_the_figures() {
    let lost = comparison(vec![
        system("A", [0.70, 0.80, 0.85], 200, Some(900)),
        system("B", [0.90, 0.95, 0.99], 100, None),
    ]);
    assert_eq!(
        lost.verdicts(),
        [
            "**Not the most accurate**: A 80.0 % on average over 3 seeds, B 95.0 %.",
            "**Not the fewest parameters**: B has 100, A 200.",
            "**As few multiplies per time step as any**: A and B have 500.",
            "**As few cycles per time step at 8 lanes as any**: A and B have 70.",
            "Does not fit icebreaker: B.",
        ]
    );
    let won = comparison(vec![
        system("A", [0.80, 0.92, 0.95], 100, Some(900)),
        system("B", [0.90, 0.91, 0.99], 250, Some(1800)),
    ]);
    let verdicts = won.verdicts();
    assert_eq!(
        verdicts[0],
        "**Most accurate**: A 92.0 % on average over 3 seeds, B 91.0 %, the next; their ranges \
         overlap, so the order may be chance."
    );
    assert_eq!(
        verdicts[1],
        "**Fewest parameters**: A has 100, 2.5 times fewer than the next, B (250)."
    );
    assert!(won.is_exact());
    let mut wrong = won.clone();
    wrong.systems[1].lanes[0].bit_exact = false;
    assert!(!wrong.is_exact());
    assert!(page(&wrong).contains("| B | 8 | 70 | 0.900 | 10 | **no** |"), "{}", page(&wrong));
    assert!(page(&lost).contains("does not fit: 41 block RAM for 30"), "{}", page(&lost));
}

/// Height of the line of an accuracy.
fn at_height(svg: &str, percent: &str) -> f64 {
    let line = svg.lines().find(|line| line.ends_with(&format!(">{percent}</text>")));
    let path = line.unwrap().split("<path d=\"M66 ").nth(1).unwrap();
    path.split('h').next().unwrap().parse().unwrap()
}

/// Points are where the figures say, and labels are not interpreted as markup.
#[test]
fn plots_show_the_figures() {
    let two = comparison(vec![
        system("<A>", [0.80, 0.92, 0.95], 100, None),
        system("B", [0.90, 0.91, 0.99], 10_000, None),
    ]);
    let svg = over_parameters(&two);
    assert!(svg.contains("&lt;A&gt;") && !svg.contains("<A>"), "{svg}");
    let numbers = |mark: &str| -> Vec<f64> {
        let behind = svg.match_indices(mark).map(|(at, mark)| &svg[at + mark.len()..]);
        behind.map(|text| text.split('"').next().unwrap().parse().unwrap()).collect()
    };
    // The more accurate one first: 100 parameters are where the axis says 100, 10,000 likewise.
    let points = numbers("<circle cx=\"");
    let at = |label: &str| -> f64 {
        let line = svg.lines().find(|line| line.ends_with(&format!(">{label}</text>"))).unwrap();
        line.split("<text x=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    assert_eq!(points, [at("100"), at("10,000")], "{svg}");
    // Between the lines of 90 and of 95 % they are where 92 and 91 % are.
    let [low, high] = ["90.0 %", "95.0 %"].map(|percent| at_height(&svg, percent));
    let heights = [0.4, 0.2].map(|part| low + part * (high - low));
    for (found, expected) in numbers("cy=\"").iter().zip(heights) {
        assert!((found - expected).abs() < 0.2, "{svg}");
    }
    let svg = over_cycles(&two).unwrap();
    assert!(svg.contains("cycles per time step at 8 lanes"), "{svg}");
    let mut none = two;
    none.systems[0].lanes.clear();
    assert!(over_cycles(&none).is_none());
}
