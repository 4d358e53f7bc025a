//! The table and its look-ups.

use std::fmt::Write;

use jiff::civil::Date;
use knipperlicht_vocabulary::{PostalCode, Region, ZoneId};
use sha2::{Digest, Sha256};

use crate::{
    Confidence, TableError, TableFile, Zone, ZoneError,
    sheet::{Row, Sheet},
};

const ZONE_COLUMNS: [&str; 4] = ["zone_id", "name", "province", "population_2020"];

const POSTAL_CODE_COLUMNS: [&str; 8] = [
    "postal_code",
    "municipality",
    "zone_id",
    "confidence",
    "other_zones",
    "valid_from",
    "valid_to",
    "verified_to",
];

/// Every zone, and which postal code belongs to which one from when to when. Never changes once
/// read: share it behind an `Arc`.
#[derive(Debug)]
pub struct ZoneTable {
    version: String,
    first_day: Date,
    /// By id.
    zones: Vec<Zone>,
    /// By postal code; within one, in the order of the file.
    assignments: Vec<Assignment>,
}

/// A line of the table: a municipality under a postal code, in one period. Zones are positions in
/// [`ZoneTable::zones`].
#[derive(Debug)]
struct Assignment {
    postal_code: PostalCode,
    municipality: Box<str>,
    zone: usize,
    others: Box<[usize]>,
    confidence: Confidence,
    valid_from: Date,
    valid_to: Date,
    verified_to: Option<Date>,
    line: u64,
}

/// The zone of a postal code on a day, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution<'t> {
    /// The zone to turn to.
    pub zone: &'t Zone,
    /// The municipality; the main one, for the few postal codes shared by two.
    pub municipality: &'t str,
    /// How sure it is that the zone is right.
    pub confidence: Confidence,
    /// Whether the assignment is known to hold on that day; if not, it was carried forward from
    /// an earlier one, or deduced.
    pub verified: bool,
    /// Zones that may be the right one instead, to show to a coordinator.
    pub other_candidates: Vec<&'t Zone>,
}

impl<'t> Resolution<'t> {
    /// Whether a person should be able to see this and override it.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        !self.confidence.is_firm() || !self.other_candidates.is_empty()
    }

    /// All zones that may be the right one, the likeliest first; none where there is no doubt.
    pub fn candidates(&self) -> impl Iterator<Item = &'t Zone> {
        let likeliest = std::iter::once(self.zone).filter(|_| self.is_doubtful());
        likeliest.chain(self.other_candidates.iter().copied())
    }
}

impl ZoneTable {
    /// The table this program was built with.
    pub fn builtin() -> Result<Self, TableError> {
        Self::from_csv(
            include_str!("../data/zones.csv"),
            include_str!("../data/postal_codes.csv"),
        )
    }

    /// A table from two files of the form described in `data/README.md`.
    pub fn from_csv(zones: &str, postal_codes: &str) -> Result<Self, TableError> {
        let version_hash = content_hash([zones, postal_codes]);
        let zones = read_zones(zones)?;
        let assignments = read_assignments(postal_codes, &zones)?;
        let starts = || assignments.iter().map(|assignment| assignment.valid_from);
        let (Some(first_day), Some(latest)) = (starts().min(), starts().max()) else {
            return Err(TableError::Empty {
                file: TableFile::PostalCodes,
            });
        };
        Ok(Self {
            version: format!("{latest}+{version_hash}"),
            first_day,
            zones,
            assignments,
        })
    }

    /// Names the content: the day of the latest change and the head of a SHA-256 over both files,
    /// such as `2025-01-01+0a1b2c3d`. Equal content has an equal version, on every machine.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The first day for which the table has answers.
    #[must_use]
    pub const fn first_day(&self) -> Date {
        self.first_day
    }

    /// The zone that serves this postal code on this day.
    ///
    /// Allocates nothing unless there are other candidates.
    pub fn resolve(&self, postal_code: PostalCode, on: Date) -> Result<Resolution<'_>, ZoneError> {
        if postal_code.region() == Region::WalloniaOrGermanSpeaking {
            return Err(ZoneError::Walloon { postal_code });
        }
        if on < self.first_day {
            return Err(ZoneError::DateOutsideTable {
                date: on,
                from: self.first_day,
            });
        }
        let mut assignments = self.assignments_of(postal_code, on);
        let main = assignments
            .next()
            .ok_or(ZoneError::Unknown { postal_code })?;

        let mut other_candidates: Vec<&Zone> = Vec::new();
        let elsewhere = assignments.flat_map(Assignment::candidates);
        for candidate in main.others.iter().copied().chain(elsewhere) {
            let zone = &self.zones[candidate];
            if candidate != main.zone && !other_candidates.contains(&zone) {
                other_candidates.push(zone);
            }
        }
        Ok(Resolution {
            zone: &self.zones[main.zone],
            municipality: &main.municipality,
            confidence: main.confidence,
            verified: main
                .verified_to
                .is_some_and(|verified_to| on <= verified_to),
            other_candidates,
        })
    }

    /// The zone with this id.
    #[must_use]
    pub fn zone(&self, id: &ZoneId) -> Option<&Zone> {
        self.zones.get(position_of(&self.zones, id)?)
    }

    /// Every zone, by id.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.zones.iter()
    }

    /// Every postal code that [`Self::resolve`] leads to this zone on this day, in order; none
    /// for an id that is no zone's.
    pub fn postal_codes_of(&self, id: &ZoneId, on: Date) -> impl Iterator<Item = PostalCode> {
        let wanted = position_of(&self.zones, id);
        self.assignments
            .chunk_by(|one, next| one.postal_code == next.postal_code)
            .filter_map(move |same_code| same_code.iter().find(|a| a.holds(on)))
            .filter(move |main| Some(main.zone) == wanted)
            .map(|main| main.postal_code)
    }

    fn assignments_of(
        &self,
        postal_code: PostalCode,
        on: Date,
    ) -> impl Iterator<Item = &Assignment> {
        let first = self
            .assignments
            .partition_point(|a| a.postal_code < postal_code);
        self.assignments[first..]
            .iter()
            .take_while(move |a| a.postal_code == postal_code)
            .filter(move |a| a.holds(on))
    }
}

impl Assignment {
    fn holds(&self, on: Date) -> bool {
        self.valid_from <= on && on <= self.valid_to
    }

    /// Its zone and the others that it may be.
    fn candidates(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.zone).chain(self.others.iter().copied())
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.municipality == other.municipality
            && self.valid_from <= other.valid_to
            && other.valid_from <= self.valid_to
    }
}

fn position_of(zones: &[Zone], id: &ZoneId) -> Option<usize> {
    zones.binary_search_by(|zone| zone.id.cmp(id)).ok()
}

fn read_zones(text: &str) -> Result<Vec<Zone>, TableError> {
    let sheet = Sheet::read(TableFile::Zones, text, ZONE_COLUMNS)?;
    let mut zones: Vec<Zone> = Vec::new();
    for row in sheet.rows() {
        let id = row.value("zone_id", "a zone id such as oostende-bredene")?;
        // In order of id, whatever the order of the file.
        let Err(position) = zones.binary_search_by(|zone| zone.id.cmp(&id)) else {
            return Err(row.complaint("zone_id", "a new id: an earlier line has it"));
        };
        let province = "a province in English, such as east_flanders, or brussels";
        let zone = Zone {
            id,
            name: named(row, "name")?,
            province: row.word("province", province)?,
            population_2020: row.optional("population_2020", "a number of people, or empty")?,
        };
        zones.insert(position, zone);
    }
    Ok(zones)
}

fn read_assignments(text: &str, zones: &[Zone]) -> Result<Vec<Assignment>, TableError> {
    let sheet = Sheet::read(TableFile::PostalCodes, text, POSTAL_CODE_COLUMNS)?;
    let mut assignments = sheet
        .rows()
        .map(|row| read_assignment(row, zones))
        .collect::<Result<Vec<_>, _>>()?;
    // A stable sort: the main municipality of a postal code is the one that the file names first.
    assignments.sort_by_key(|assignment| assignment.postal_code);
    for same_code in assignments.chunk_by(|one, next| one.postal_code == next.postal_code) {
        for (position, later) in same_code.iter().enumerate() {
            if let Some(earlier) = same_code[..position].iter().find(|one| one.overlaps(later)) {
                return Err(TableError::Overlap {
                    file: TableFile::PostalCodes,
                    line: later.line,
                    other_line: earlier.line,
                    postal_code: later.postal_code,
                    municipality: later.municipality.to_string(),
                });
            }
        }
    }
    Ok(assignments)
}

fn read_assignment(row: Row<'_>, zones: &[Zone]) -> Result<Assignment, TableError> {
    let zone_with_id = |column, id: &str, expected| {
        let id = id.parse().map_err(|_| row.complaint(column, expected))?;
        position_of(zones, &id).ok_or_else(|| row.complaint(column, expected))
    };
    let postal_code: PostalCode = row.value("postal_code", "a Belgian postal code")?;
    if postal_code.region() == Region::WalloniaOrGermanSpeaking {
        return Err(row.complaint("postal_code", "a postal code in Flanders or Brussels"));
    }
    let others = row.text("other_zones").split_whitespace();
    let others_expected = "a list of zone ids from zones.csv, with blanks between them";
    let confidence =
        "sourced, snapshot, merged_within_zone, inferred, merged_across_zones or conflict";
    let day = "a day such as 2025-01-01";
    let valid_from = row.value("valid_from", day)?;
    let valid_to = row.optional("valid_to", "a day such as 2024-12-31, or empty for no end")?;
    if valid_to.is_some_and(|valid_to| valid_to < valid_from) {
        return Err(row.complaint("valid_to", "on or after valid_from"));
    }
    Ok(Assignment {
        postal_code,
        municipality: named(row, "municipality")?,
        zone: zone_with_id(
            "zone_id",
            row.text("zone_id"),
            "the id of a zone in zones.csv",
        )?,
        others: others
            .map(|id| zone_with_id("other_zones", id, others_expected))
            .collect::<Result<_, _>>()?,
        confidence: row.word("confidence", confidence)?,
        valid_from,
        valid_to: valid_to.unwrap_or(Date::MAX),
        verified_to: row.optional(
            "verified_to",
            "a day such as 2024-12-31, or empty for never",
        )?,
        line: row.line(),
    })
}

fn named(row: Row<'_>, column: &'static str) -> Result<Box<str>, TableError> {
    let name = row.text(column);
    if name.is_empty() {
        Err(row.complaint(column, "a name"))
    } else {
        Ok(name.into())
    }
}

/// The first 8 hexadecimal digits of a SHA-256 over the files.
fn content_hash(files: [&str; 2]) -> String {
    let mut hasher = Sha256::new();
    for file in files {
        for line in file.lines() {
            // `lines` drops carriage returns: a checkout on Windows has the same version.
            hasher.update(line);
            hasher.update("\n");
        }
        // Between the files, so that no line can move from one to the other unseen.
        hasher.update("\0");
    }
    hasher
        .finalize()
        .iter()
        .take(4)
        .fold(String::new(), |mut digits, byte| {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
}

#[cfg(test)]
mod tests;
