//! The directory as files: read from Open Referral HSDS JSON and from CSV, written as HSDS JSON.
//! `docs/directory.md` says which form is accepted; what is said twice there and here is wrong
//! there.
//!
//! - [`draft`]: what a file says of one service, as text with its place; checked the same way
//!   whatever the form.
//! - [`hsds`], [`csv`]: from the two forms to drafts.
//! - [`write`](mod@write): from listings to HSDS.

pub mod csv;
pub mod draft;
pub mod fault;
pub mod hsds;
pub mod terms;
pub mod write;

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::ServiceId;
use knipperlicht_zones::ZoneTable;

use self::{
    draft::Draft,
    fault::{Fault, FaultKind, Place},
};
use super::listing::Listing;

/// In which form a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Open Referral HSDS 3, as JSON.
    Hsds,
    /// One row a service.
    Csv,
}

/// What a file is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Check<'c> {
    /// The zones there are.
    pub zones: &'c ZoneTable,
    /// The present moment.
    pub now: Timestamp,
    /// The day that is in Belgium.
    pub today: Date,
}

/// What was read from a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The services without a fault.
    pub listings: Vec<Listing>,
    /// What is wrong, or was not kept, in the order of the file.
    pub faults: Vec<Fault>,
    seen: HashSet<ServiceId>,
}

impl Reading {
    /// Whether anything is wrong: then nothing of the file may take effect.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.faults.iter().any(|fault| fault.kind.is_wrong())
    }

    /// Takes what a file says of one service, of which all since the first `before` faults was said.
    fn take(&mut self, draft: &Draft, before: usize, check: &Check<'_>) {
        let listing = draft.check(check, &mut self.faults);
        let wrong = self.faults[before..].iter().any(|one| one.kind.is_wrong());
        if let Some(listing) = listing.filter(|_| !wrong) {
            if self.seen.insert(listing.service.id.clone()) {
                self.listings.push(listing);
            } else {
                self.faults.push(Fault {
                    place: draft.id.place.clone(),
                    kind: FaultKind::Duplicate,
                    what: format!("`{}` is the id of an earlier service", listing.service.id),
                });
            }
        }
    }

    fn refuse(place: Place, what: String) -> Self {
        Self {
            faults: vec![Fault {
                place,
                kind: FaultKind::Unreadable,
                what,
            }],
            ..Self::default()
        }
    }
}

/// Reads a file.
#[must_use]
pub fn read(file: &[u8], format: Format, check: &Check<'_>) -> Reading {
    match format {
        Format::Hsds => hsds::read(file, check),
        Format::Csv => csv::read(file, check),
    }
}

#[cfg(test)]
mod tests;
