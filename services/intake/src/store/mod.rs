//! What intake keeps: SQL on a borrowed connection, one statement per purpose.

mod audit;
mod progress;
mod signals;
mod vault;

pub(crate) use audit::append_audit;
pub(crate) use progress::{Grant, NewStep, add_grants, add_steps, has_grant, steps_of};
pub(crate) use signals::{
    Known, NewSignal, SignalRow, consent_of, insert_signals, known, lock_consent, mark_withdrawn,
    own_signal, own_signals, set_consent,
};
pub(crate) use vault::{SealedRow, data_key, insert_sealed, sealed_of};

use std::str::FromStr;

use crate::IntakeError;

/// A code read from a row; a row that holds another is a mistake of ours.
pub(crate) fn code<T: FromStr>(table: &'static str, text: &str) -> Result<T, IntakeError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| IntakeError::BadRow {
        table,
        what: error.to_string(),
    })
}
