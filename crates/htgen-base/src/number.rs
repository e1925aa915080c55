//! Numbers in human-readable form.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        let shown: Vec<String> = [0, 999, 1000, 57_600, 59_244_544].map(grouped).into();
        assert_eq!(shown, ["0", "999", "1,000", "57,600", "59,244,544"]);
    }
}
