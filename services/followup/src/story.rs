//! Events as entries of the timeline, and what follow-up itself adds to both.

use std::fmt::Display;

use jiff::Timestamp;
use knipperlicht_contracts::{event::EventBody, events::v1 as events};
use knipperlicht_eventing::{Said, say};
use knipperlicht_runtime::trace_id;
use knipperlicht_vocabulary::{
    Actor, ClockKind, Consent, ContactChannel, ContactResult, DeclineReason, Environment, EventId,
    ItemKind, Need, Observation, OutcomeReason, OutcomeResult, ReporterRole, Rung, SituationId,
    Urgency, ZoneId,
};
use serde_json::{Map, Value};
use sqlx::PgConnection;

use crate::{
    counting,
    model::story::WHO,
    store::{
        clocks::SettledClock,
        timeline::{self, Entry},
    },
};

/// Something follow-up has to say.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) situation: SituationId,
    pub(crate) zone: ZoneId,
    pub(crate) body: EventBody,
    pub(crate) traceparent: Option<String>,
}

/// Counts it, adds it to the timeline and says it. Call after every other change of the transaction, for it
/// locks the situations.
pub(crate) async fn tell(
    connection: &mut PgConnection,
    environment: &Environment,
    now: Timestamp,
    tellings: Vec<Telling>,
) -> Result<(), sqlx::Error> {
    if tellings.is_empty() {
        return Ok(());
    }
    counting::said(&mut *connection, environment, now, &tellings).await?;
    let entries: Vec<Entry> = tellings
        .iter()
        .map(|telling| {
            let traceparent = telling.traceparent.as_deref();
            entry(telling.situation, now, &telling.body, traceparent)
        })
        .collect();
    let said: Vec<Said> = tellings
        .into_iter()
        .map(|telling| Said {
            id: EventId::new(environment),
            situation: telling.situation,
            zone: telling.zone,
            body: telling.body,
            traceparent: telling.traceparent,
        })
        .collect();
    timeline::append(&mut *connection, &entries).await?;
    say(connection, now, &said).await
}

/// That a promise does not lie with a coordinator any more.
pub(crate) fn settled(clock: SettledClock, traceparent: Option<String>) -> Telling {
    let body = events::ClockSettled {
        clock_id: clock.id.to_string(),
        kind: clock.kind.number(),
        referral_id: clock.referral.to_string(),
    };
    Telling {
        situation: clock.situation,
        zone: clock.zone,
        body: body.into(),
        traceparent,
    }
}

/// An event as an entry.
pub(crate) fn entry(
    situation: SituationId,
    at: Timestamp,
    body: &EventBody,
    traceparent: Option<&str>,
) -> Entry {
    Entry {
        situation,
        home: None,
        at,
        event_type: body.event_type().to_owned(),
        codes: codes_of(body),
        trace_id: traceparent.and_then(trace_id),
    }
}

/// The codes of an event, by name. Only codes: no id, and never a text somebody wrote.
fn codes_of(body: &EventBody) -> Value {
    let codes = Codes::default();
    let codes = match body {
        EventBody::SignalFlagged(event) => codes
            .list::<Observation>("observations", &event.observations)
            .one::<ReporterRole>("reporter_role", event.reporter_role)
            .one::<Consent>("consent", consent_in(event.circumstances.as_ref())),
        EventBody::ConsentChanged(event) if event.objection => codes
            .flag("cared_for_objects", objects_in(event.circumstances.as_ref()))
            .one::<Actor>(WHO, event.by),
        EventBody::ConsentChanged(event) => codes
            .one::<Consent>("consent", consent_in(event.circumstances.as_ref()))
            .one::<Actor>(WHO, event.by),
        EventBody::SituationsMerged(event) => {
            codes.one::<Consent>("consent", consent_in(event.circumstances.as_ref()))
        }
        EventBody::SituationsSplit(event) => {
            codes.one::<Consent>("consent", consent_in(event.circumstances.as_ref()))
        }
        EventBody::ReferralCancelled(event) if event.merged => {
            codes.flag("merged", true).one::<Actor>(WHO, event.by)
        }
        EventBody::ReferralCancelled(event) => codes.one::<Actor>(WHO, event.by),
        EventBody::ReferralRedirected(event) => codes.one::<Actor>(WHO, event.by),
        EventBody::ItemClosed(event) => codes.one::<Actor>(WHO, event.by),
        EventBody::VitalInterestAcknowledged(event) => codes.one::<Actor>(WHO, event.by),
        EventBody::AssessmentCompleted(event) => codes
            .one::<Urgency>("urgency", event.urgency)
            .list::<Need>("needs", &event.needs)
            .list::<Observation>("red_flags", &event.red_flags),
        EventBody::ReferralRequested(event) if !event.takes_over_referral_id.is_empty() => codes
            .flag("hand_over", true)
            .one::<Actor>(WHO, event.by)
            .one::<Urgency>("urgency", event.urgency)
            .list::<Need>("needs", &event.needs),
        EventBody::ReferralRequested(event) => codes
            .one::<Actor>(WHO, event.by)
            .one::<Urgency>("urgency", event.urgency)
            .list::<Need>("needs", &event.needs),
        EventBody::ReferralUnroutable(event) => codes
            .one::<ItemKind>("item_kind", event.kind)
            .one::<Urgency>("urgency", event.urgency)
            .list::<Need>("needs", &event.needs),
        EventBody::ReferralWithheld(event) => codes.one::<Consent>("consent", event.consent),
        EventBody::ReferralAccepted(event) if !event.took_over_referral_id.is_empty() => codes
            .flag("hand_over", true)
            .one::<Urgency>("urgency", event.urgency),
        EventBody::ReferralAccepted(event) => codes.one::<Urgency>("urgency", event.urgency),
        EventBody::ReferralDeclined(event) if !event.takes_over_referral_id.is_empty() => codes
            .flag("hand_over", true)
            .one::<DeclineReason>("reason", event.reason),
        EventBody::ReferralDeclined(event) => codes.one::<DeclineReason>("reason", event.reason),
        EventBody::ReferralHeld(event) => codes.flag("awaiting_consent", event.awaiting_consent),
        EventBody::ClockBreached(event) => codes
            .one::<ClockKind>("clock", event.kind)
            .one::<Rung>("rung", event.rung),
        EventBody::ClockSettled(event) => codes.one::<ClockKind>("clock", event.kind),
        EventBody::ReferralRaised(event) => codes.one::<Urgency>("urgency", event.urgency),
        EventBody::ContactRecorded(event) => codes
            .one::<ContactChannel>("channel", event.channel)
            .one::<ContactResult>("result", event.result),
        EventBody::FollowUpCompleted(event) => codes
            .one::<OutcomeResult>("outcome", event.result)
            .one::<OutcomeReason>("reason", event.reason)
            .flag("late", event.late),
        EventBody::SituationReopened(event) if event.by_reporter => codes
            .flag("by_reporter", true)
            .one::<Actor>(WHO, event.by),
        EventBody::SituationReopened(event) => codes
            .flag("by_carer", event.by_carer)
            .one::<Actor>(WHO, event.by),
        EventBody::ContactPersonNamed(event) => codes.one::<Actor>(WHO, event.by),
        EventBody::VisitEnded(event) => codes.flag("seen", event.seen),
        EventBody::CarerAsked(event) => codes.flag("again", event.times > 1),
        EventBody::SignalWithdrawn(_)
        | EventBody::SituationShared(_)
        | EventBody::ReferralExpired(_)
        | EventBody::OutcomeConfirmed(_)
        | EventBody::VisitPlanned(_)
        | EventBody::ReopenAsked(_)
        // How a carer is, is health data: the story says that they answered.
        | EventBody::CarerAnswered(_)
        | EventBody::CarerLinkMade(_)
        | EventBody::CarerLinksTakenBack(_)
        | EventBody::LoopClosed(_)
        // No story is left to tell it in.
        | EventBody::SituationErased(_)
        | EventBody::Forgotten => codes,
    };
    Value::Object(codes.0)
}

fn consent_in(circumstances: Option<&events::Circumstances>) -> i32 {
    circumstances.map_or(0, |circumstances| circumstances.consent)
}

fn objects_in(circumstances: Option<&events::Circumstances>) -> bool {
    circumstances.is_some_and(|circumstances| circumstances.cared_for_objects)
}

/// Leaves out of the codes of an entry which of what was noticed tells of the cared-for person.
pub(crate) fn leave_out_the_cared_for(codes: &mut Value) {
    let Some(Value::String(observations)) = codes.get_mut("observations") else {
        return;
    };
    let tells = |code: &str| {
        code.parse::<Observation>()
            .is_ok_and(Observation::concerns_the_cared_for)
    };
    let left: Vec<&str> = observations
        .split(',')
        .filter(|code| !tells(code))
        .collect();
    *observations = left.join(",");
}

/// Codes by name. A number that is in no list, and so was said by a newer version or not at all,
/// is left out: the story is told as far as it is understood.
#[derive(Default)]
struct Codes(Map<String, Value>);

impl Codes {
    fn one<T: TryFrom<i32> + Display>(self, name: &str, number: i32) -> Self {
        self.list::<T>(name, &[number])
    }

    fn list<T: TryFrom<i32> + Display>(mut self, name: &str, numbers: &[i32]) -> Self {
        let known: Vec<String> = numbers
            .iter()
            .filter_map(|number| T::try_from(*number).ok())
            .map(|code| code.to_string())
            .collect();
        if !known.is_empty() {
            self.0
                .insert(name.to_owned(), Value::String(known.join(",")));
        }
        self
    }

    fn flag(mut self, name: &str, holds: bool) -> Self {
        self.0
            .insert(name.to_owned(), Value::String(holds.to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_codes_and_leaves_out_what_it_does_not_know() {
        let body = EventBody::from(events::AssessmentCompleted {
            urgency: Urgency::Urgent.number(),
            needs: vec![Need::Respite.number(), 999, Need::Psychosocial.number()],
            ..events::AssessmentCompleted::default()
        });
        assert_eq!(
            codes_of(&body),
            json!({"urgency": "urgent", "needs": "respite,psychosocial"})
        );
    }

    #[test]
    fn leaves_out_what_tells_of_the_cared_for_person() {
        let mut codes = json!({
            "observations": "exhausted,behaviour_hard_to_bear,new_diagnosis,suicidal_talk",
            "consent": "given",
        });
        leave_out_the_cared_for(&mut codes);
        assert_eq!(
            codes,
            json!({"observations": "exhausted,suicidal_talk", "consent": "given"})
        );
    }

    #[test]
    fn tells_no_ids() {
        let body = EventBody::from(events::ReferralAccepted {
            referral_id: "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b".to_owned(),
            organisation_id: "caw-oostende".to_owned(),
            urgency: Urgency::Soon.number(),
            ..events::ReferralAccepted::default()
        });
        assert_eq!(codes_of(&body), json!({"urgency": "soon"}));
    }
}
