//! Numbers in human-readable form.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// A count with commas between thousands.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A fraction; 0 if the whole is 0.
pub fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// A fraction in percent, with two decimals.
pub fn percent(fraction: f64) -> String {
    format!("{:.2} %", 100.0 * fraction)
}

/// How a count compares with one that is `ratio` times as large, in words.
pub fn times_fewer(ratio: f64) -> String {
    let shown = |times: f64| match times < 9.95 {
        true => format!("{times:.1}"),
        false => grouped(times.round() as u64),
    };
    match ratio {
        _ if (ratio - 1.0).abs() < 0.05 => "as many".to_owned(),
        _ if ratio > 1.0 => format!("{} times fewer", shown(ratio)),
        _ => format!("{} times as many", shown(1.0 / ratio)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        let shown: Vec<String> = [0, 999, 1000, 57_600, 59_244_544].map(grouped).into();
        assert_eq!(shown, ["0", "999", "1,000", "57,600", "59,244,544"]);
    }

    #[test]
    fn counts_are_compared_in_words() {
        let shown = [29.84, 4.24, 1.02, 0.7, 0.01].map(times_fewer);
        let expected = [
            "30 times fewer",
            "4.2 times fewer",
            "as many",
            "1.4 times as many",
            "100 times as many",
        ];
        assert_eq!(shown, expected);
    }
}
