//! From CSV: a header, then one row a service. Several values in one cell stand between `|`.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord};

use super::{
    Check, Reading,
    draft::{Draft, DraftArea, DraftOpening, Text},
    fault::{Fault, FaultKind, Place},
};

/// The columns that there may be, in the order of the documentation.
pub const COLUMNS: [&str; 26] = [
    "service_id",
    "organisation_id",
    "organisation_name",
    "name",
    "needs",
    "area",
    "languages",
    "age_bands",
    "minimum_age",
    "maximum_age",
    "target_group",
    "fit",
    "capacity",
    "capacity_updated",
    "capacity_until",
    "valid_from",
    "valid_to",
    "verified_on",
    "synthetic",
    "url",
    "email",
    "phone",
    "opening",
    "description",
    "eligibility",
    "required_documents",
];

/// Those of them that have to be there.
const NEEDED: usize = 7;

pub(super) fn read(file: &[u8], check: &Check<'_>) -> Reading {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter(file))
        .flexible(true)
        .from_reader(file);
    let columns = match rows.headers() {
        Ok(header) => header.clone(),
        Err(error) => return Reading::refuse(place(1, "header"), error.to_string()),
    };
    let columns = match positions(&columns) {
        Ok(positions) => positions,
        Err(what) => return Reading::refuse(place(1, "header"), what),
    };
    let mut reading = Reading::default();
    for row in rows.records() {
        match row {
            Ok(row) => {
                let line = row.position().map_or(0, csv::Position::line);
                let row = Row {
                    columns: &columns,
                    cells: &row,
                    line,
                };
                let before = reading.faults.len();
                if let Some(draft) = row.draft(&mut reading.faults) {
                    reading.take(&draft, before, check);
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                reading.faults.push(Fault {
                    place: place(line, "row"),
                    kind: FaultKind::Unreadable,
                    what: error.to_string(),
                });
            }
        }
    }
    reading
}

/// Spreadsheets of this country write `;`, those of others `,`.
fn delimiter(file: &[u8]) -> u8 {
    let header = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| header.split(|byte| *byte == wanted).count();
    if count(b';') > count(b',') {
        b';'
    } else {
        b','
    }
}

/// Where each column stands.
fn positions(header: &StringRecord) -> Result<HashMap<&'static str, usize>, String> {
    let mut positions = HashMap::new();
    for (position, name) in header.iter().enumerate() {
        let name = name.trim();
        let Some(known) = COLUMNS.iter().find(|known| **known == name) else {
            return Err(format!(
                "there is no column `{}`; there are {}",
                name.chars().take(40).collect::<String>(),
                COLUMNS.join(", ")
            ));
        };
        if positions.insert(*known, position).is_some() {
            return Err(format!("the column `{known}` is there twice"));
        }
    }
    let missing = COLUMNS[..NEEDED]
        .iter()
        .filter(|name| !positions.contains_key(*name));
    let missing: Vec<&str> = missing.copied().collect();
    if missing.is_empty() {
        Ok(positions)
    } else {
        Err(format!("the columns {} are missing", missing.join(", ")))
    }
}

fn place(line: u64, path: &str) -> Place {
    Place {
        line,
        path: path.to_owned(),
    }
}

struct Row<'r> {
    columns: &'r HashMap<&'static str, usize>,
    cells: &'r StringRecord,
    line: u64,
}

impl Row<'_> {
    fn draft(&self, faults: &mut Vec<Fault>) -> Option<Draft> {
        if self.cells.len() != self.columns.len() {
            faults.push(Fault {
                place: self.place("row"),
                kind: FaultKind::Unreadable,
                what: format!(
                    "{} cells under {} columns",
                    self.cells.len(),
                    self.columns.len()
                ),
            });
            return None;
        }
        let synthetic = self.cell("synthetic");
        if !matches!(synthetic.text.as_str(), "" | "yes" | "no") {
            faults.push(Fault {
                place: synthetic.place.clone(),
                kind: FaultKind::Code,
                what: "neither `yes` nor `no`".to_owned(),
            });
        }
        Some(Draft {
            id: self.cell("service_id"),
            organisation: self.cell("organisation_id"),
            name: self.cell("name"),
            organisation_name: self.cell("organisation_name"),
            url: self.cell("url"),
            needs_place: self.place("needs"),
            needs: self.cells("needs"),
            area: self.area(),
            languages_place: self.place("languages"),
            languages: self.cells("languages"),
            age_bands: self.cells("age_bands"),
            target_group: self.cell("target_group"),
            fit: self.cell("fit"),
            capacity: self.cell("capacity"),
            capacity_updated: self.cell("capacity_updated"),
            capacity_until: self.cell("capacity_until"),
            valid_from: self.cell("valid_from"),
            valid_to: self.cell("valid_to"),
            verified_on: self.cell("verified_on"),
            synthetic: synthetic.text == "yes",
            description: self.cell("description"),
            eligibility: self.cell("eligibility"),
            minimum_age: self.cell("minimum_age"),
            maximum_age: self.cell("maximum_age"),
            required_documents: self.cells("required_documents"),
            email: self.cell("email"),
            phone: self.cell("phone"),
            opening: self.opening(),
        })
    }

    fn place(&self, column: &str) -> Place {
        place(self.line, column)
    }

    fn cell(&self, column: &'static str) -> Text {
        let text = self
            .columns
            .get(column)
            .and_then(|position| self.cells.get(*position));
        Text {
            place: self.place(column),
            text: text.unwrap_or_default().trim().to_owned(),
        }
    }

    fn cells(&self, column: &'static str) -> Vec<Text> {
        let Text { place, text } = self.cell(column);
        let parts = text
            .split('|')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts
            .map(|part| Text {
                place: place.clone(),
                text: part.to_owned(),
            })
            .collect()
    }

    /// `everywhere`, zones, or postal codes.
    fn area(&self) -> DraftArea {
        let (codes, names): (Vec<Text>, Vec<Text>) = self
            .cells("area")
            .into_iter()
            .partition(|one| one.text.bytes().all(|byte| byte.is_ascii_digit()));
        let (everywhere, zones): (Vec<Text>, Vec<Text>) =
            names.into_iter().partition(|one| one.text == "everywhere");
        DraftArea {
            place: self.place("area"),
            everywhere: !everywhere.is_empty(),
            zones,
            postal_codes: codes,
        }
    }

    /// `MO,TU 09:00-17:00|SA`.
    fn opening(&self) -> Vec<DraftOpening> {
        let hours = self.cells("opening").into_iter();
        hours
            .map(|Text { place, text }| {
                let at = |text: &str| Text {
                    place: place.clone(),
                    text: text.trim().to_owned(),
                };
                let (days, times) = text.split_once(' ').unwrap_or((&text, ""));
                let (opens_at, closes_at) = times.split_once('-').unwrap_or((times, ""));
                DraftOpening {
                    days: at(days),
                    opens_at: at(opens_at),
                    closes_at: at(closes_at),
                }
            })
            .collect()
    }
}
