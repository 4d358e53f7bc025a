//! From what is stored to the wire.

use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb, to_proto};
use knipperlicht_vocabulary::{AgeBand, Consent, Observation, ZoneId};
use knipperlicht_zones::ZoneTable;

use super::writer::Stored;
use crate::{
    model::{Seen, TakenStep, call_now, current_step, told},
    store::{ConsentRow, SignalRow},
};

/// The receipt of a stored signal.
pub(super) fn receipt(
    zones: &ZoneTable,
    stored: &Stored,
    observations: &[Observation],
) -> pb::Receipt {
    pb::Receipt {
        signal_id: stored.signal.to_string(),
        situation_id: stored.situation.to_string(),
        zone_id: stored.zone.to_string(),
        zone_name: zone_name(zones, &stored.zone),
        received_at: Some(to_proto(stored.received_at)),
        call_now: call_now(observations)
            .into_iter()
            .map(|line| pb::Helpline {
                number: line.number.to_owned(),
                purpose: line.purpose.to_owned(),
            })
            .collect(),
    }
}

pub(super) fn zone_name(zones: &ZoneTable, zone: &ZoneId) -> String {
    zones
        .zone(zone)
        .map_or_else(|| zone.to_string(), |zone| zone.name.to_string())
}

/// What is needed to judge and to route, as it is said.
pub(super) fn circumstances(
    held: &ConsentRow,
    age_band: Option<AgeBand>,
    consent: Consent,
    sequence: i64,
) -> events::Circumstances {
    events::Circumstances {
        postal_code: held.postal_code.clone(),
        zone_id: held.zone.to_string(),
        language: held.language.number(),
        age_band: age_band.map_or(0, AgeBand::number),
        consent: consent.number(),
        consent_sequence: sequence,
    }
}

/// A signal and its way, as its reporter sees it.
pub(super) fn status(
    zones: &ZoneTable,
    row: &SignalRow,
    steps: &[TakenStep],
    seen: Option<&Seen>,
) -> pb::SignalStatus {
    let stored = Stored {
        signal: row.signal,
        situation: row.situation,
        zone: row.zone.clone(),
        received_at: row.received_at,
    };
    let told = told(&row.facts(), steps);
    pb::SignalStatus {
        receipt: Some(receipt(zones, &stored, &row.observations)),
        observations: row
            .observations
            .iter()
            .map(|observation| observation.number())
            .collect(),
        // What the carer agreed to was forgotten with all else.
        consent: row.erased_at.map_or(row.consent.number(), |_| 0),
        step: current_step(&told).number(),
        progress: progress(&told, seen),
    }
}

/// Steps, as they are told, each with when it was seen.
pub(super) fn progress(told: &[TakenStep], seen: Option<&Seen>) -> Vec<pb::Progress> {
    let progress = told.iter().map(|taken| pb::Progress {
        step: taken.step.number(),
        at: Some(to_proto(taken.at)),
        outcome: taken
            .outcome
            .map_or(0, knipperlicht_vocabulary::OutcomeResult::number),
        seen_at: seen
            .and_then(|seen| seen.get(&(taken.step, taken.at)))
            .copied()
            .map(to_proto),
    });
    progress.collect()
}
