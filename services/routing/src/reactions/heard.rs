//! From events to what routing hears in them.

use std::{fmt, str::FromStr};

use knipperlicht_contracts::{event::EventBody, events::v1 as pb};
use knipperlicht_vocabulary::{ClockKind, CodeError, Language, Rung};

use crate::model::{
    case::{Agreement, Circumstances},
    change::FollowUp,
    hearing::{Assessed, Heard},
};

/// What is heard in an event; nothing in those that do not concern routing.
pub(super) fn heard(body: &EventBody) -> Result<Option<Heard>, String> {
    let heard = match body {
        EventBody::AssessmentCompleted(completed) => Heard::Assessed(assessed(completed)?),
        EventBody::ConsentChanged(changed) => {
            let (circumstances, agreement) = circumstances(changed.circumstances.as_ref())?;
            Heard::Agreed(circumstances, agreement)
        }
        EventBody::SignalWithdrawn(withdrawn) => {
            let signal = id("signal_id", &withdrawn.signal_id)?;
            if withdrawn.others_stand {
                Heard::OneTakenBack(signal)
            } else {
                Heard::TakenBack(signal)
            }
        }
        EventBody::ClockBreached(breached) if breached.kind == ClockKind::Accept.number() => {
            Heard::Silence(id("referral_id", &breached.referral_id)?)
        }
        EventBody::ClockBreached(breached) if breached.rung == Rung::Coordinator.number() => {
            Heard::Late(
                id("referral_id", &breached.referral_id)?,
                code("kind", breached.kind)?,
            )
        }
        EventBody::ClockBreached(breached) if breached.rung == Rung::Council.number() => {
            Heard::Neglected(id("item_id", &breached.item_id)?)
        }
        EventBody::VitalInterestAcknowledged(_) => Heard::Acknowledged,
        EventBody::ClockSettled(settled) => {
            Heard::Settled(id("referral_id", &settled.referral_id)?)
        }
        EventBody::FollowUpCompleted(completed) => {
            Heard::FollowUp(id("referral_id", &completed.referral_id)?, FollowUp::Ended)
        }
        EventBody::SituationReopened(reopened) => {
            Heard::FollowUp(id("referral_id", &reopened.referral_id)?, FollowUp::Resumed)
        }
        _ => return Ok(None),
    };
    Ok(Some(heard))
}

fn assessed(completed: &pb::AssessmentCompleted) -> Result<Assessed, String> {
    let (circumstances, agreement) = circumstances(completed.circumstances.as_ref())?;
    let needs = completed.needs.iter().map(|need| code("needs", *need));
    Ok(Assessed {
        signal: id("signal_id", &completed.signal_id)?,
        urgency: code("urgency", completed.urgency)?,
        needs: needs.collect::<Result<_, _>>()?,
        circumstances,
        agreement,
    })
}

pub(super) fn circumstances(
    told: Option<&pb::Circumstances>,
) -> Result<(Circumstances, Agreement), String> {
    let told = told.ok_or("`circumstances` is missing")?;
    let circumstances = Circumstances {
        zone: id("zone_id", &told.zone_id)?,
        postal_code: id("postal_code", &told.postal_code)?,
        language: optional("language", told.language)?.unwrap_or(Language::Dutch),
        age_band: optional("age_band", told.age_band)?,
    };
    let agreement = Agreement {
        consent: code("consent", told.consent)?,
        sequence: told.consent_sequence,
    };
    Ok((circumstances, agreement))
}

fn id<T: FromStr>(field: &str, text: &str) -> Result<T, String>
where
    T::Err: fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| format!("`{field}`: {error}"))
}

fn code<T: TryFrom<i32, Error = CodeError>>(field: &str, number: i32) -> Result<T, String> {
    T::try_from(number).map_err(|error| format!("`{field}`: {error}"))
}

/// The same for a code that need not be said.
fn optional<T: TryFrom<i32, Error = CodeError>>(
    field: &str,
    number: i32,
) -> Result<Option<T>, String> {
    if number == 0 {
        Ok(None)
    } else {
        code(field, number).map(Some)
    }
}
