//! What was measured, as people and programs read it.

use std::fmt::Write;

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::{
    error::BenchError,
    options::Options,
    promise::{Bound, Promise, Verdict},
    readme,
};

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// Its name for programs.
    pub(crate) name: String,
    /// What it is of.
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) promise: Option<Promise>,
    pub(crate) measured: f64,
    /// What else is worth knowing of it.
    pub(crate) beside: String,
    pub(crate) verdict: Verdict,
}

/// The whole run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// What it was measured on.
    pub(crate) machine: String,
    pub(crate) figures: Vec<Figure>,
    /// Which share of the processor time wanted the machine's host gave to others, by part.
    pub(crate) withheld: Vec<(&'static str, f64)>,
    /// Remarks, one a line.
    pub(crate) remarks: Vec<String>,
}

impl Report {
    pub(crate) const fn new(machine: String) -> Self {
        Self {
            machine,
            figures: Vec::new(),
            withheld: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// A figure something is promised of.
    pub(crate) fn promised(
        &mut self,
        name: &str,
        what: &str,
        unit: &'static str,
        (must, aim): (Bound, Bound),
        measured: f64,
        beside: String,
    ) {
        let promise = Promise { must, aim };
        self.figures.push(Figure {
            name: name.to_owned(),
            what: what.to_owned(),
            unit,
            promise: Some(promise),
            measured,
            beside,
            verdict: promise.verdict(measured),
        });
    }

    /// A figure to compare with.
    pub(crate) fn noted(
        &mut self,
        name: &str,
        what: &str,
        unit: &'static str,
        measured: f64,
        beside: String,
    ) {
        self.figures.push(Figure {
            name: name.to_owned(),
            what: what.to_owned(),
            unit,
            promise: None,
            measured,
            beside,
            verdict: Verdict::ForComparison,
        });
    }

    /// During a part, the host withheld this share of the processor time wanted.
    pub(crate) fn withheld(&mut self, part: &'static str, share: f64) {
        self.withheld.push((part, share));
    }

    pub(crate) fn remark(&mut self, text: String) {
        self.remarks.push(text);
    }

    /// What it was measured on, and how much of that was to be had.
    fn ground(&self) -> String {
        let parts: Vec<String> = self
            .withheld
            .iter()
            .map(|(part, share)| format!("{:.0}% during {part}", 100.0 * share))
            .collect();
        let withheld = if parts.is_empty() {
            String::new()
        } else {
            format!(
                "; of the processor time wanted, its host withheld {}",
                parts.join(", ")
            )
        };
        format!("Measured on {}{withheld}.", self.machine)
    }

    fn rows(&self) -> impl Iterator<Item = [String; 5]> {
        self.figures.iter().map(|figure| {
            let bound = |pick: fn(Promise) -> Bound| {
                figure
                    .promise
                    .map_or_else(String::new, |promise| bound(pick(promise), figure.unit))
            };
            let beside = if figure.beside.is_empty() {
                String::new()
            } else {
                format!(" ({})", figure.beside)
            };
            [
                figure.what.clone(),
                bound(|promise| promise.must),
                bound(|promise| promise.aim),
                format!("{}{beside}", amount(figure.measured, figure.unit)),
                figure.verdict.words().to_owned(),
            ]
        })
    }

    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        // Writing to a text cannot fail.
        let mut text = String::from(
            "| what | must | aim | measured | verdict |\n| --- | --- | --- | --- | --- |\n",
        );
        for row in self.rows() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        let _ = writeln!(text, "\n{}", self.ground());
        text
    }

    fn plain(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(HEADING);
        for row in self.rows() {
            table.add_row(row);
        }
        let mut text = format!("{table}\n\n{}\n", self.ground());
        for remark in &self.remarks {
            text.push_str(remark);
            text.push('\n');
        }
        text
    }
}

const HEADING: [&str; 5] = ["what", "must", "aim", "measured", "verdict"];

fn bound(bound: Bound, unit: &str) -> String {
    match bound {
        Bound::Below(limit) => format!("< {}", amount(limit, unit)),
        Bound::AtLeast(limit) => format!(">= {}", amount(limit, unit)),
    }
}

/// An amount, with as many digits as say something.
fn amount(value: f64, unit: &str) -> String {
    let number = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    match unit {
        "" => number,
        unit if unit.starts_with('/') => format!("{number}{unit}"),
        unit => format!("{number} {unit}"),
    }
}

/// Prints the report in the form asked for, and puts it where it was asked to be.
pub(crate) fn deliver(report: &Report, options: &Options) -> Result<(), BenchError> {
    if options.form.json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else if options.form.table {
        print!("{}", report.markdown());
    } else {
        print!("{}", report.plain());
    }
    match &options.write_readme {
        Some(path) => readme::write(path, &report.markdown()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_promised_and_whether_it_holds() {
        let mut report = Report::new("a machine".to_owned());
        report.promised(
            "accept_p99",
            "accept latency",
            "ms",
            (Bound::Below(10.0), Bound::Below(5.0)),
            7.25,
            "p50 2.10 ms".to_owned(),
        );
        report.noted("fsync", "fsync of 8 kB", "us", 45.0, String::new());
        report.withheld("accept latency", 0.062);
        assert_eq!(
            report.markdown(),
            "| what | must | aim | measured | verdict |\n\
             | --- | --- | --- | --- | --- |\n\
             | accept latency | < 10 ms | < 5 ms | 7.25 ms (p50 2.10 ms) | holds |\n\
             | fsync of 8 kB |  |  | 45 us |  |\n\
             \nMeasured on a machine; of the processor time wanted, its host withheld 6% during accept latency.\n"
        );
    }
}
