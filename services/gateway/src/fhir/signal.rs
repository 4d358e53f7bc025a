//! A signal as a proposal: `ServiceRequest` with intent `proposal`, as its reporter sees it.

use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_vocabulary::{Consent, Observation, OutcomeResult, Step};

use super::{
    found::{Found, moment, told},
    offer::Kind,
    reply,
    terms::{self, List, Own, STATUS_REASON, code_part, part, text_part},
    types::{Extension, ServiceRequest},
};

/// A signal and its way. What the reporter wrote of who it is about is not told again.
pub(super) fn proposal(signal: &intake::SignalStatus) -> Found {
    let receipt = signal.receipt.clone().unwrap_or_default();
    let step = Step::try_from(signal.step).ok();
    let status = status_of(step);
    let mut extension = vec![terms::zone(&receipt.zone_id)];
    if let Ok(consent) = Consent::try_from(signal.consent) {
        extension.push(Own::Consent.code(consent.code()));
    }
    extension.extend(receipt.call_now.iter().map(call_now));
    extension.extend(signal.progress.iter().map(progress));
    if let Some(step) = step.filter(|_| status == "revoked") {
        extension.push(reason_of_status(List::Step, step.code()));
    }
    let observations = signal.observations.iter();
    let observations = observations.filter_map(|one| Observation::try_from(*one).ok());
    let steps = signal.progress.iter().map(|one| one.at.as_ref());
    let at = steps.filter_map(moment).max();
    let request = ServiceRequest {
        extension,
        identifier: vec![terms::uuid(&receipt.signal_id)],
        status: Some(status.to_owned()),
        intent: Some("proposal".to_owned()),
        category: vec![List::Term.concept("carer-support")],
        code: Some(List::Term.concept("carer-support")),
        subject: Some(terms::carer(&receipt.situation_id)),
        authored_on: told(receipt.received_at.as_ref()),
        reason_code: observations
            .map(|one| List::Observation.concept(one.code()))
            .collect(),
        ..ServiceRequest::default()
    };
    let resource = reply::json(Kind::ServiceRequest.name(), &request);
    let at = at.or_else(|| moment(receipt.received_at.as_ref()));
    Found::new(
        Kind::ServiceRequest,
        receipt.signal_id.clone(),
        at,
        resource,
    )
    .by_token(
        "identifier",
        terms::URI,
        format!("urn:uuid:{}", receipt.signal_id),
    )
    .by("status", status)
    .by("intent", "proposal")
    .by_token("zone", terms::ZONE, receipt.zone_id)
    .by_token("subject", terms::SITUATION, receipt.situation_id)
}

/// What is not told any more, or was taken back, asks for nothing any more.
const fn status_of(step: Option<Step>) -> &'static str {
    match step {
        Some(Step::Withdrawn | Step::NotShared | Step::NotReferred | Step::Erased) => "revoked",
        Some(Step::Closed | Step::Confirmed) => "completed",
        Some(_) => "active",
        None => "unknown",
    }
}

/// Why it has this status.
pub(super) fn reason_of_status(list: List, code: &str) -> Extension {
    Extension {
        value_codeable_concept: Some(list.concept(code)),
        ..part(STATUS_REASON)
    }
}

fn call_now(line: &intake::Helpline) -> Extension {
    Own::CallNow.parts(vec![
        text_part("number", &line.number),
        code_part("purpose", &line.purpose),
    ])
}

fn progress(taken: &intake::Progress) -> Extension {
    let mut parts = Vec::new();
    if let Ok(step) = Step::try_from(taken.step) {
        parts.push(code_part("step", step.code()));
    }
    if let Some(at) = told(taken.at.as_ref()) {
        parts.push(Extension {
            value_instant: Some(at),
            ..part("at")
        });
    }
    if let Ok(outcome) = OutcomeResult::try_from(taken.outcome) {
        parts.push(code_part("outcome", outcome.code()));
    }
    Own::Progress.parts(parts)
}
