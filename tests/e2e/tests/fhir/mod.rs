//! FHIR at the gateway, before the whole line: what care software gets.

#![allow(clippy::panic, reason = "a test that cannot go on should stop")]
#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

mod care;
mod polling;
mod round_trip;
mod rules;
mod statement;
