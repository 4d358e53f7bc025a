//! What follows from a wave of events, as rows to write.

use std::str::FromStr;

use knipperlicht_contracts::{event::EventBody, events::v1 as events};
use knipperlicht_eventing::{Event, ReactionError};
use knipperlicht_vocabulary::{
    ClockId, ClockKind, OrganisationId, ReferralId, SituationId, TaskId, Urgency, WorkingCalendar,
    ZoneId,
};

use crate::{
    model::{State, Task, due},
    store::{
        clocks::{NewClock, Settled},
        tasks::OpenedTask,
        timeline::Entry,
    },
    story,
};

/// What follows from a wave of events, as rows to write.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) places: Vec<(SituationId, ZoneId)>,
    pub(super) entries: Vec<Entry>,
    pub(super) settled: Vec<Settled>,
    pub(super) opened: Vec<OpenedTask>,
    pub(super) started: Vec<NewClock>,
}

impl Effects {
    /// Everything counts from when it happened, not from when it is heard: a promise does not
    /// grow because events were late, and a replay gives the same clocks.
    pub(super) fn of(wave: &[&Event], calendar: &WorkingCalendar) -> Result<Self, ReactionError> {
        let mut effects = Self::default();
        for event in wave {
            let traceparent = event.onward_traceparent();
            // Where it lies is said when it is flagged; nothing moves it yet.
            if matches!(event.body, EventBody::SignalFlagged(_)) {
                effects.places.push((event.situation(), event.zone.clone()));
            }
            let told_of = told_of(event)?;
            let (at, body) = (event.occurred_at, &event.body);
            effects.entries.push(Entry {
                home: home(event),
                ..story::entry(told_of, at, body, traceparent.as_deref())
            });
            effects.add(event, traceparent, calendar)?;
        }
        Ok(effects)
    }

    fn add(
        &mut self,
        event: &Event,
        traceparent: Option<String>,
        calendar: &WorkingCalendar,
    ) -> Result<(), ReactionError> {
        match &event.body {
            EventBody::ReferralRequested(body) => self.requested(event, body, traceparent, calendar),
            EventBody::ReferralAccepted(body) => self.accepted(event, body, traceparent, calendar),
            EventBody::ReferralHeld(body) => self.settle(event, &body.referral_id),
            EventBody::ReferralDeclined(body) => self.settle(event, &body.referral_id),
            EventBody::ReferralRedirected(body) => self.settle(event, &body.referral_id),
            EventBody::ReferralExpired(body) => self.settle(event, &body.referral_id),
            EventBody::ReferralCancelled(body) => self.settle(event, &body.referral_id),
            EventBody::SignalFlagged(_)
            | EventBody::SignalWithdrawn(_)
            | EventBody::SituationShared(_)
            | EventBody::ConsentChanged(_)
            | EventBody::SituationsMerged(_)
            | EventBody::SituationsSplit(_)
            | EventBody::AssessmentCompleted(_)
            | EventBody::ReferralUnroutable(_)
            | EventBody::ItemClosed(_)
            | EventBody::ReferralWithheld(_)
            | EventBody::ReopenAsked(_)
            // Our own, which we do not hear.
            | EventBody::ClockBreached(_)
            | EventBody::ContactRecorded(_)
            | EventBody::FollowUpCompleted(_)
            | EventBody::OutcomeConfirmed(_)
            | EventBody::SituationReopened(_)
            | EventBody::CarerAsked(_)
            | EventBody::CarerAnswered(_)
            | EventBody::CarerLinkMade(_)
            | EventBody::CarerLinksTakenBack(_)
            | EventBody::LoopClosed(_) => Ok(()),
        }
    }

    fn requested(
        &mut self,
        event: &Event,
        body: &events::ReferralRequested,
        traceparent: Option<String>,
        calendar: &WorkingCalendar,
    ) -> Result<(), ReactionError> {
        let urgency = urgency(body.urgency)?;
        self.started.push(NewClock {
            id: ClockId::derived(event.id.uuid(), ""),
            kind: ClockKind::Accept,
            situation: event.situation(),
            home: home(event),
            referral: id("referral_id", &body.referral_id)?,
            organisation: id("organisation_id", &body.organisation_id)?,
            zone: event.zone.clone(),
            started_at: event.occurred_at,
            due_at: due(calendar, ClockKind::Accept, urgency, event.occurred_at),
            traceparent,
        });
        Ok(())
    }

    fn accepted(
        &mut self,
        event: &Event,
        body: &events::ReferralAccepted,
        traceparent: Option<String>,
        calendar: &WorkingCalendar,
    ) -> Result<(), ReactionError> {
        let task = Task {
            id: TaskId::derived(event.id.uuid(), ""),
            situation: event.situation(),
            referral: id("referral_id", &body.referral_id)?,
            organisation: id::<OrganisationId>("organisation_id", &body.organisation_id)?,
            zone: event.zone.clone(),
            urgency: urgency(body.urgency)?,
            state: State::Open,
        };
        self.settled.push(Settled {
            referral: task.referral,
            at: event.occurred_at,
        });
        if let Some(kind) = task.state.promise() {
            self.started.push(NewClock {
                id: ClockId::derived(event.id.uuid(), ""),
                kind,
                situation: task.situation,
                home: home(event),
                referral: task.referral,
                organisation: task.organisation.clone(),
                zone: task.zone.clone(),
                started_at: event.occurred_at,
                due_at: due(calendar, kind, task.urgency, event.occurred_at),
                traceparent,
            });
        }
        self.opened.push(OpenedTask {
            task,
            at: event.occurred_at,
        });
        Ok(())
    }

    fn settle(&mut self, event: &Event, referral: &str) -> Result<(), ReactionError> {
        let referral: ReferralId = id("referral_id", referral)?;
        self.settled.push(Settled {
            referral,
            at: event.occurred_at,
        });
        Ok(())
    }
}

/// A merge is part of the survivor's story.
fn told_of(event: &Event) -> Result<SituationId, ReactionError> {
    match &event.body {
        EventBody::SituationsMerged(body) => id("into_situation_id", &body.into_situation_id),
        _ => Ok(event.situation()),
    }
}

/// The situation it was said of, if that became part of another one since.
fn home(event: &Event) -> Option<SituationId> {
    Some(event.said_of).filter(|said_of| *said_of != event.situation())
}

fn id<T: FromStr>(field: &str, text: &str) -> Result<T, ReactionError> {
    text.parse()
        .map_err(|_| ReactionError::Nonsense(format!("{field} is not an id")))
}

fn urgency(number: i32) -> Result<Urgency, ReactionError> {
    Urgency::try_from(number).map_err(|error| ReactionError::Nonsense(error.to_string()))
}
