//! SQL on a borrowed connection. Who may see what is decided by the row-level policies of the
//! tables; a condition on the zone or organisation here only leads to an index.

pub(crate) mod askings;
pub(crate) mod clocks;
pub(crate) mod contact_persons;
pub(crate) mod contacts;
pub(crate) mod erasing;
pub(crate) mod exporting;
pub(crate) mod handing_over;
pub(crate) mod holding;
pub(crate) mod links;
pub(crate) mod merging;
pub(crate) mod moves;
pub(crate) mod report;
pub(crate) mod tasks;
pub(crate) mod timeline;
pub(crate) mod watch;

use std::{fmt::Display, str::FromStr};

use uuid::Uuid;

use crate::error::FollowupError;

/// Rows at most in one answer.
const PAGE: i64 = 500;

/// Where a value was read, to be named if it cannot be.
#[derive(Debug, Clone, Copy)]
struct Cell {
    table: &'static str,
    column: &'static str,
    row: Uuid,
}

impl Cell {
    fn parse<T>(self, text: &str) -> Result<T, FollowupError>
    where
        T: FromStr<Err: Display>,
    {
        text.parse().map_err(|error: T::Err| self.bad(&error))
    }

    fn bad(self, what: &dyn Display) -> FollowupError {
        FollowupError::BadRow {
            table: self.table,
            column: self.column,
            row: self.row.to_string(),
            what: what.to_string(),
        }
    }
}
