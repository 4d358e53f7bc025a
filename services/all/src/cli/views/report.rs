//! The report of a zone: for a person a table, for a program JSON or CSV.

use jiff::tz::TimeZone;
use knipperlicht_contracts::followup::v1::{self as proto, ReportTopic};
use serde::Serialize;

use super::{View, Word};
use crate::cli::CliError;

/// What a person reads in place of a figure that is hidden.
const HIDDEN: &str = "*";

/// The report of a zone.
#[derive(Debug, Serialize)]
pub(crate) struct ReportView {
    zone_id: String,
    years: Vec<YearView>,
    open_loops: Vec<LineView>,
    threshold: i32,
}

/// A year of it.
#[derive(Debug, Serialize)]
struct YearView {
    year: i32,
    lines: Vec<LineView>,
}

/// One figure.
#[derive(Debug, Clone, Serialize)]
struct LineView {
    topic: Word,
    code: String,
    value: Option<i64>,
    hidden: bool,
    #[serde(skip)]
    unit: Unit,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Pieces,
    Seconds,
    Percents,
}

/// One figure beside its year.
#[derive(Debug, Serialize)]
pub(crate) struct FigureView {
    year: Option<i32>,
    line: LineView,
}

impl From<proto::ZoneReportResponse> for ReportView {
    fn from(report: proto::ZoneReportResponse) -> Self {
        let lines = |lines: Vec<proto::ReportLine>| lines.into_iter().map(LineView::from).collect();
        let year = |year: proto::ReportYear| YearView {
            year: year.year,
            lines: lines(year.lines),
        };
        Self {
            zone_id: report.zone_id,
            years: report.years.into_iter().map(year).collect(),
            open_loops: lines(report.open_loops),
            threshold: report.threshold,
        }
    }
}

impl From<proto::ReportLine> for LineView {
    fn from(line: proto::ReportLine) -> Self {
        let topic = line.topic();
        Self {
            topic: Word::of_enum(topic.as_str_name(), "REPORT_TOPIC_"),
            unit: match topic {
                ReportTopic::MedianSeconds | ReportTopic::NinetiethPercentileSeconds => {
                    Unit::Seconds
                }
                ReportTopic::WithinPromisePercent => Unit::Percents,
                _ => Unit::Pieces,
            },
            code: line.code,
            value: (!line.hidden).then_some(line.value),
            hidden: line.hidden,
        }
    }
}

impl ReportView {
    /// Every figure, beside its year; what is open now comes last.
    pub(crate) fn figures(&self) -> Vec<FigureView> {
        let of = |year: Option<i32>, line: &LineView| FigureView {
            year,
            line: line.clone(),
        };
        let counted = self
            .years
            .iter()
            .flat_map(|year| year.lines.iter().map(move |line| of(Some(year.year), line)));
        let open = self.open_loops.iter().map(|line| of(None, line));
        counted.chain(open).collect()
    }

    /// Why figures are hidden.
    pub(crate) fn footnote(&self) -> String {
        format!(
            "{HIDDEN} hidden: under {}, or it would give away one that is. Times are told to 5%.",
            self.threshold
        )
    }

    /// A line for each figure; what is hidden has no value, what is open now no year.
    pub(crate) fn csv(&self) -> Result<String, CliError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let unwritten = |error: csv::Error| CliError::Machine(error.to_string());
        writer
            .write_record(["zone", "year", "topic", "code", "value", "hidden"])
            .map_err(unwritten)?;
        for FigureView { year, line } in self.figures() {
            let text = |number: Option<i64>| number.map(|it| it.to_string()).unwrap_or_default();
            let record = [
                self.zone_id.clone(),
                text(year.map(i64::from)),
                line.topic.code().to_owned(),
                line.code,
                text(line.value),
                line.hidden.to_string(),
            ];
            writer.write_record(record).map_err(unwritten)?;
        }
        let bytes = writer
            .into_inner()
            .map_err(|error| CliError::Machine(error.to_string()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl View for FigureView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let year = self.year.map_or("now".to_owned(), |year| year.to_string());
        let topic = self.line.topic.text();
        let what = ["seconds", "percent"]
            .iter()
            .find_map(|unit| topic.strip_suffix(unit))
            .unwrap_or(&topic);
        vec![
            ("year", year),
            ("what", what.trim_end().to_owned()),
            ("of", self.line.code.replace('_', " ")),
            ("figure", self.line.figure()),
        ]
    }
}

impl LineView {
    fn figure(&self) -> String {
        match (self.value, self.unit) {
            (None, _) => HIDDEN.to_owned(),
            (Some(value), Unit::Pieces) => value.to_string(),
            (Some(value), Unit::Percents) => format!("{value}%"),
            (Some(seconds), Unit::Seconds) => duration(seconds),
        }
    }
}

/// As `3 d 4 h`, `4 h 20 min` or `12 min`: two steps say enough of what is told to 5%.
fn duration(seconds: i64) -> String {
    let minutes = seconds / 60;
    let (days, hours) = (minutes / (24 * 60), minutes / 60 % 24);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, hours) => format!("{hours} h {} min", minutes % 60),
        (days, hours) => format!("{days} d {hours} h"),
    }
}
