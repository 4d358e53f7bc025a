//! What intake keeps: SQL on a borrowed connection, one statement per purpose.

mod duplicates;
mod erasing;
mod exporting;
pub mod keys;
mod links;
pub mod looking_up;
mod matching;
mod merging;
mod progress;
mod readings;
mod retention;
mod seen;
mod signals;
mod vault;
mod watching;

pub(crate) use duplicates::{
    Before, DuplicateRow, NewQuestion, Resolved, Side, ask, duplicates, is_asked, lock_duplicate,
    resolve, sides,
};
pub(crate) use erasing::{
    ask_erasure, erased_at, erasures_asked, forget, signals_of_all, zones_of,
};
pub(crate) use exporting::export;
pub(crate) use knipperlicht_eventing::audit::append as append_audit;
pub(crate) use links::{
    LinkRow, Purpose, grants_of, insert_link, link, revoke_links, revoke_links_since,
    revoke_links_to, sees_situation, use_card,
};
pub(crate) use matching::{candidates, forget_keys, insert_keys, others_stand};
pub(crate) use merging::{bring_back, lock_situations, move_over};
pub(crate) use progress::{
    Grant, NewStep, add_grants, add_steps, end_grants, has_grant, since_received, steps_of,
};
pub(crate) use readings::{Reader, Reading, has_read_reason, insert_reading, readings_of};
pub(crate) use retention::{After, clear_links, silent_since};
pub(crate) use seen::{mark_seen, seen_of};
pub(crate) use signals::{
    ConsentRow, FIRST_KEY, Known, NewSignal, SignalRow, insert_joining, insert_signals, known,
    learn_age_band, lock_consent, look_at_consent, mark_withdrawn, own_signal, own_signals,
    set_consent, set_objection, signals_of, standing_signals,
};
pub(crate) use vault::{SealedRow, data_keys, insert_sealed, is_sealed, sealed_of};
pub(crate) use watching::changed_since;

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
