//! From what is stored to the wire.

use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb, to_proto};
use knipperlicht_vocabulary::{Actor, AgeBand, Consent, Language, Observation, ZoneId};
use knipperlicht_zones::ZoneTable;

use super::writer::Stored;
use crate::{
    model::{Advice, LANGUAGES, ReadingKind, Seen, TakenStep, call_now, current_step, told},
    store::{ConsentRow, Reader, Reading, SignalRow},
};

/// The receipt of a stored signal, with what to do where this is what the carer said.
pub(super) fn receipt(
    zones: &ZoneTable,
    stored: &Stored,
    observations: &[Observation],
    advice: Option<Advice>,
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
        advice: advice.map(advised),
    }
}

fn advised(advice: Advice) -> pb::Advice {
    let kind = match advice {
        Advice::HowToAsk => pb::AdviceKind::HowToAsk,
        Advice::LeaveTheCard => pb::AdviceKind::LeaveTheCard,
    };
    let texts = advice.wordings().map(|wording| pb::Wording {
        language: wording.language.number(),
        title: wording.title.to_owned(),
        lines: wording
            .lines
            .iter()
            .map(|line| (*line).to_owned())
            .collect(),
    });
    pb::Advice {
        kind: kind.into(),
        texts: texts.into(),
    }
}

/// A look, in codes and in plain words.
pub(super) fn reading(zones: &ZoneTable, reading: &Reading) -> pb::Reading {
    let (organisation, zone, role) = match &reading.reader {
        Reader::Partner(partner) => (partner.to_string(), String::new(), Actor::Partner),
        Reader::Coordinator(zone) => (String::new(), zone_name(zones, zone), Actor::Coordinator),
    };
    let kind = match reading.kind {
        ReadingKind::Contact => pb::ReadingKind::Contact,
        ReadingKind::VitalInterest => pb::ReadingKind::VitalInterest,
        ReadingKind::NoteAdded => pb::ReadingKind::NoteAdded,
    };
    let moment = reading.at.in_tz("Europe/Brussels");
    let moment = moment.map(|at| at.strftime("%d/%m/%Y, %H:%M").to_string());
    let moment = moment.unwrap_or_else(|_| reading.at.to_string());
    let texts = LANGUAGES.map(|language| {
        let who = match (&reading.reader, language) {
            (Reader::Partner(partner), _) => partner.to_string(),
            (Reader::Coordinator(_), Language::French) => format!("La coordination de {zone}"),
            (Reader::Coordinator(_), Language::English) => format!("The coordination of {zone}"),
            (Reader::Coordinator(_), _) => format!("De coördinatie van {zone}"),
        };
        pb::Wording {
            language: language.number(),
            title: format!("{who} {}", reading.kind.told(language)),
            lines: vec![moment.clone()],
        }
    });
    pb::Reading {
        at: Some(to_proto(reading.at)),
        organisation_id: organisation,
        zone_name: zone,
        role: role.number(),
        kind: kind.into(),
        texts: texts.into(),
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
        cared_for_objects: held.cared_for_objects,
    }
}

/// A signal and its way, as its reporter sees it, without advice.
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
        receipt: Some(receipt(zones, &stored, &row.observations, None)),
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

/// The same with what to do where the carer was not asked yet, or does not agree.
pub(super) fn status_with_advice(
    zones: &ZoneTable,
    row: &SignalRow,
    steps: &[TakenStep],
    seen: Option<&Seen>,
) -> pb::SignalStatus {
    let mut status = status(zones, row, steps, seen);
    let advice = Advice::upon(row.consent).filter(|_| row.withdrawn_at.is_none());
    if let Some(receipt) = &mut status.receipt {
        receipt.advice = advice.map(advised);
    }
    status
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
