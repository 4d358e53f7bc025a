//! What routing keeps: SQL on a borrowed connection, one statement per purpose, in sets.

mod behaviours;
mod cases;
mod decisions;
mod directory;
mod endings;
mod erasing;
mod exporting;
mod items;
mod lists;
mod merging;
mod referrals;
mod service_row;
mod situations;
mod write;

use std::{fmt, str::FromStr};

use knipperlicht_vocabulary::Need;

pub(crate) use behaviours::{behaviours, claim_measuring, measure_behaviour, measured_at};
pub(crate) use cases::{lock_cases, look_at_case};
pub(crate) use decisions::{UnmetRow, decision_for, unmet_needs};
pub(crate) use directory::{
    changes_since, directory, directory_version, end_all_but, has_lapsed, held_capacity,
    lapse_capacities, listings, listings_after, listings_of, lock_directory, note_directory_change,
    put_services, set_capacity,
};
pub(crate) use endings::{claim_ended, note_looked_at, stranded};
pub(crate) use erasing::forget;
pub(crate) use exporting::{export, sees_any};
pub(crate) use items::{items_that_gave_way, open_items, situation_of_item};
pub(crate) use lists::{
    After, Filter, Which, changed_since, horizon, list, named, whose_changed_since,
};
pub(crate) use merging::{
    Before, bring_back, homes_of, keep_before, move_over, note_what_gave_way,
    referrals_that_gave_way, stay_away, take_before,
};
pub(crate) use referrals::{ReferralRow, asked_against_consent, referral, situation_of_referral};
pub(crate) use write::write;

use crate::RoutingError;

/// A word read from a row; a row that holds another is a mistake of ours.
fn word<T: FromStr>(
    table: &'static str,
    column: &'static str,
    text: &str,
) -> Result<T, RoutingError>
where
    T::Err: fmt::Display,
{
    text.parse().map_err(|error: T::Err| RoutingError::BadRow {
        table,
        column,
        what: error.to_string(),
    })
}

/// The same for a column that may be empty.
fn optional<T: FromStr>(
    table: &'static str,
    column: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, RoutingError>
where
    T::Err: fmt::Display,
{
    text.map(|text| word(table, column, text)).transpose()
}

/// The same for a list.
fn words<T: FromStr>(
    table: &'static str,
    column: &'static str,
    texts: &[String],
) -> Result<Vec<T>, RoutingError>
where
    T::Err: fmt::Display,
{
    texts.iter().map(|text| word(table, column, text)).collect()
}

/// Codes as one text. PostgreSQL has no ragged arrays: a list per row goes over as text and is
/// taken apart there with `string_to_array`.
fn joined(needs: &[Need]) -> String {
    needs
        .iter()
        .map(|need| need.code())
        .collect::<Vec<_>>()
        .join(",")
}
