//! What assessment keeps: SQL on a borrowed connection, one statement per purpose.

mod access;
mod erasing;
mod exporting;
mod judgements;
mod moves;
mod responses;

use std::{fmt::Display, str::FromStr};

pub(crate) use access::{Agreement, Ended, Grant, add_grants, end_grants, objects, set_agreements};
pub(crate) use erasing::forget;
pub(crate) use exporting::{export, sees_any};
pub(crate) use judgements::{
    AssessmentRow, Cause, Known, NewAssessment, Which, insert, latest, latest_of, read,
};
pub(crate) use moves::{bring_back, move_over};
pub(crate) use responses::{ResponseRow, insert_response, response, responses_of};

use crate::AssessmentError;

fn code<T: FromStr<Err: Display>>(table: &'static str, text: &str) -> Result<T, AssessmentError> {
    text.parse().map_err(|error| bad(table, error))
}

fn bad(table: &'static str, error: impl Display) -> AssessmentError {
    AssessmentError::BadRow {
        table,
        what: error.to_string(),
    }
}
