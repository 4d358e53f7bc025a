//! From the wire to types that are always valid.

use std::{collections::BTreeMap, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_contracts::{assessment::v1 as pb, from_proto};
use knipperlicht_vocabulary::{IdError, ResponseId, SignalId, SituationId};

use crate::{
    AssessmentError,
    model::{
        Catalogue, Score,
        instrument::{Entry, Instrument},
    },
};

/// A sender's clock may be so far ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// A form as it was sent, checked but for its answers.
pub(super) struct Form<'c> {
    pub(super) response: ResponseId,
    pub(super) situation: SituationId,
    /// The sender's own signal, where they named one.
    pub(super) signal: Option<SignalId>,
    pub(super) instrument: &'c Instrument,
    pub(super) entry: Entry,
    /// When it was filled in, where that was said.
    pub(super) answered_at: Option<Timestamp>,
}

/// Checks a form sent at `now`.
pub(super) fn form<'c>(
    sent: &pb::SubmitAssessmentRequest,
    catalogue: &'c Catalogue,
    now: Timestamp,
) -> Result<Form<'c>, AssessmentError> {
    let response = id("response_id", &sent.response_id)?;
    let situation = id("situation_id", &sent.situation_id)?;
    let signal = (!sent.signal_id.is_empty())
        .then(|| id("signal_id", &sent.signal_id))
        .transpose()?;
    let instrument = instrument(sent, catalogue)?;
    let answered_at = sent.answered_at.map(from_proto).transpose()?;
    if answered_at.is_some_and(|at| at.duration_since(now) > AHEAD) {
        return Err(AssessmentError::Future);
    }
    Ok(Form {
        response,
        situation,
        signal,
        instrument,
        entry: entry(sent)?,
        answered_at,
    })
}

/// An id.
pub(super) fn id<T>(field: &'static str, text: &str) -> Result<T, AssessmentError>
where
    T: FromStr<Err = IdError>,
{
    filled(field, text)?
        .parse()
        .map_err(|source| AssessmentError::Id { field, source })
}

fn filled<'t>(field: &'static str, text: &'t str) -> Result<&'t str, AssessmentError> {
    if text.is_empty() {
        Err(AssessmentError::Missing { field })
    } else {
        Ok(text)
    }
}

fn instrument<'c>(
    sent: &pb::SubmitAssessmentRequest,
    catalogue: &'c Catalogue,
) -> Result<&'c Instrument, AssessmentError> {
    let id = filled("instrument_id", &sent.instrument_id)?;
    let version = filled("instrument_version", &sent.instrument_version)?;
    if let Some(instrument) = catalogue.get(id, version) {
        return Ok(instrument);
    }
    let versions: Vec<&str> = catalogue.versions(id).collect();
    if versions.is_empty() {
        let mut ids: Vec<&str> = catalogue.all().map(|known| known.id.as_str()).collect();
        ids.dedup();
        Err(AssessmentError::Instrument {
            field: "instrument_id",
            known: format!("no such instrument; there are: {}", ids.join(", ")),
        })
    } else {
        Err(AssessmentError::Instrument {
            field: "instrument_version",
            known: format!("no such version; there are: {}", versions.join(", ")),
        })
    }
}

fn entry(sent: &pb::SubmitAssessmentRequest) -> Result<Entry, AssessmentError> {
    match (sent.answers.as_slice(), sent.total) {
        ([], Some(total)) => Ok(Entry::Total(Score::try_from(total)?)),
        (answers @ [_, ..], None) => {
            let mut by_item = BTreeMap::new();
            for answer in answers {
                let before = by_item.insert(answer.link_id.clone(), answer.code.clone());
                if before.is_some() {
                    let item = answer.link_id.chars().take(40).collect();
                    return Err(AssessmentError::AnsweredTwice { item });
                }
            }
            Ok(Entry::Answers(by_item))
        }
        ([], None) | ([_, ..], Some(_)) => Err(AssessmentError::Entry),
    }
}
