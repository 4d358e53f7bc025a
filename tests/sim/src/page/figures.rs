//! Figures and tables as people read them.

use std::fmt::{Result, Write};

/// A whole number, in groups of three.
pub(super) fn count(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// With so many digits behind the point.
pub(super) fn decimal(number: f64, digits: usize) -> String {
    format!("{number:.digits$}")
}

/// With three digits that count, however small.
pub(super) fn small(number: f64) -> String {
    if number >= 100.0 {
        count(number)
    } else if number >= 1.0 {
        decimal(number, 1)
    } else if number >= 0.01 {
        decimal(number, 3)
    } else {
        decimal(number, 5)
    }
}

/// A share.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A share that may be tiny.
pub(super) fn percent_of_little(share: f64) -> String {
    format!("{}%", small(share * 100.0))
}

/// Bytes, in the largest unit of which there is one.
pub(super) fn bytes(number: f64) -> String {
    const UNITS: [(&str, f64); 3] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6)];
    for (unit, size) in UNITS {
        if number >= size {
            return format!("{:.1} {unit}", number / size);
        }
    }
    format!("{:.1} kB", number / 1e3)
}

/// A table.
pub(super) fn table(text: &mut String, heads: &[&str], rows: Vec<Vec<String>>) -> Result {
    writeln!(text, "| {} |", heads.join(" | "))?;
    writeln!(text, "|{}", " --- |".repeat(heads.len()))?;
    for row in rows {
        writeln!(text, "| {} |", row.join(" | "))?;
    }
    writeln!(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(count(1_234_567.4), "1,234,567");
        assert_eq!(count(999.0), "999");
        assert_eq!(small(0.0063), "0.00630");
        assert_eq!(small(0.063), "0.063");
        assert_eq!(percent(0.9), "90.0%");
        assert_eq!(percent_of_little(0.000_63), "0.063%");
        assert_eq!(bytes(3_250_000_000.0), "3.2 GB");
        assert_eq!(bytes(900.0), "0.9 kB");
    }
}
