//! From what is stored to the wire.

use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb, to_proto};
use knipperlicht_vocabulary::{AgeBand, Consent, Observation, Step, ZoneId};
use knipperlicht_zones::ZoneTable;

use super::writer::Stored;
use crate::{
    model::{TakenStep, call_now, current_step, without_repeats},
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

fn zone_name(zones: &ZoneTable, zone: &ZoneId) -> String {
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
pub(super) fn status(zones: &ZoneTable, row: &SignalRow, steps: &[TakenStep]) -> pb::SignalStatus {
    let stored = Stored {
        signal: row.signal,
        situation: row.situation,
        zone: row.zone.clone(),
        received_at: row.received_at,
    };
    let steps = whole_way(row, steps);
    pb::SignalStatus {
        receipt: Some(receipt(zones, &stored, &row.observations)),
        observations: row
            .observations
            .iter()
            .map(|observation| observation.number())
            .collect(),
        consent: row.consent.number(),
        step: current_step(&steps).number(),
        progress: steps
            .iter()
            .map(|taken| pb::Progress {
                step: taken.step.number(),
                at: Some(to_proto(taken.at)),
                outcome: taken
                    .outcome
                    .map_or(0, knipperlicht_vocabulary::OutcomeResult::number),
            })
            .collect(),
    }
}

/// Received first; withdrawn, where it was, last.
fn whole_way(row: &SignalRow, steps: &[TakenStep]) -> Vec<TakenStep> {
    let received = TakenStep {
        step: Step::Received,
        at: row.received_at,
        outcome: None,
    };
    let withdrawn = row.withdrawn_at.map(|at| TakenStep {
        step: Step::Withdrawn,
        at,
        outcome: None,
    });
    std::iter::once(received)
        .chain(without_repeats(steps))
        .chain(withdrawn)
        .collect()
}
