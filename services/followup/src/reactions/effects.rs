//! What follows from a wave of events, as rows to write.

use std::str::FromStr;

use jiff::Timestamp;
use knipperlicht_contracts::{event::EventBody, events::v1 as events};
use knipperlicht_eventing::{Event, ReactionError};
use knipperlicht_vocabulary::{
    ClockId, ClockKind, ItemId, OrganisationId, ReferralId, ReferralState, SituationId, TaskId,
    Urgency, ZoneId,
};

use crate::{
    model::{Calendars, State, Task, due, promised_while},
    store::{
        clocks::{About, NewClock, Settled},
        moves::Raised,
        tasks::{HandedOver, OpenedTask},
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
    /// Referrals whose follow-up goes over to one that was opened.
    pub(super) handed_over: Vec<HandedOver>,
    pub(super) started: Vec<NewClock>,
    /// Referrals that partners let wait.
    pub(super) held: Vec<Settled>,
    /// Referrals that waited and go on.
    pub(super) released: Vec<Settled>,
    pub(super) raised: Vec<Raised>,
    pub(super) closed_items: Vec<(ItemId, Timestamp)>,
}

impl Effects {
    /// Everything counts from when it happened, not from when it is heard: a promise does not
    /// grow because events were late, and a replay gives the same clocks.
    pub(super) fn of(wave: &[&Event], calendars: &Calendars) -> Result<Self, ReactionError> {
        let mut effects = Self::default();
        for event in wave {
            let traceparent = event.onward_traceparent();
            if brings_to_zone(&event.body) {
                effects.places.push((event.situation(), event.zone.clone()));
            }
            let told_of = told_of(event)?;
            let (at, body) = (event.occurred_at, &event.body);
            effects.entries.push(Entry {
                home: home(event),
                ..story::entry(told_of, at, body, traceparent.as_deref())
            });
            effects.add(event, traceparent, calendars)?;
        }
        Ok(effects)
    }

    fn add(
        &mut self,
        event: &Event,
        traceparent: Option<String>,
        calendars: &Calendars,
    ) -> Result<(), ReactionError> {
        let promise = |kind, about, urgency| Promised {
            event,
            kind,
            about,
            urgency,
            traceparent: traceparent.clone(),
            calendars,
        };
        match &event.body {
            EventBody::ReferralRequested(body) => {
                let referral = id("referral_id", &body.referral_id)?;
                let urgency = urgency(body.urgency)?;
                let organisation = id("organisation_id", &body.organisation_id)?;
                if body.waited {
                    self.released.push(settled(event, referral));
                }
                // While it is handed over, what was promised stays with whoever accepted.
                let is_hand_over = !body.takes_over_referral_id.is_empty();
                let kind = promised_while(ReferralState::Requested).filter(|_| !is_hand_over);
                if let Some(kind) = kind {
                    let clock = promise(kind, About::Referral(referral), urgency).by(organisation);
                    self.started.push(clock);
                }
            }
            EventBody::ReferralHeld(body) => {
                let referral = id("referral_id", &body.referral_id)?;
                if !body.awaiting_consent {
                    self.held.push(settled(event, referral));
                }
                if let Some(kind) = promised_while(ReferralState::Held) {
                    // Events of before it was said: the least that it can be.
                    let urgency = Urgency::try_from(body.urgency).unwrap_or(Urgency::Routine);
                    let clock = promise(kind, About::Referral(referral), urgency).of_nobody();
                    self.started.push(clock);
                }
            }
            EventBody::ReferralUnroutable(body) => {
                let about = About::Item {
                    id: id("item_id", &body.item_id)?,
                    promise: ClockKind::try_from(body.promise).ok(),
                };
                let clock = promise(ClockKind::Coordinator, about, urgency(body.urgency)?);
                self.started.push(clock.of_nobody());
            }
            EventBody::ItemClosed(body) => {
                let item = id("item_id", &body.item_id)?;
                self.closed_items.push((item, event.occurred_at));
            }
            EventBody::ReferralRaised(body) => self.raised.push(Raised {
                referral: id("referral_id", &body.referral_id)?,
                urgency: urgency(body.urgency)?,
                at: event.occurred_at,
            }),
            EventBody::ReferralAccepted(body) => self.accepted(event, body, traceparent, calendars)?,
            EventBody::ReferralDeclined(body) => self.settle(event, &body.referral_id)?,
            EventBody::ReferralRedirected(body) => self.settle(event, &body.referral_id)?,
            EventBody::ReferralExpired(body) => self.settle(event, &body.referral_id)?,
            EventBody::ReferralCancelled(body) => self.settle(event, &body.referral_id)?,
            EventBody::SignalFlagged(_)
            | EventBody::SignalWithdrawn(_)
            | EventBody::SituationShared(_)
            | EventBody::ConsentChanged(_)
            | EventBody::SituationsMerged(_)
            | EventBody::SituationsSplit(_)
            // What is forgotten, and what said so, never comes so far.
            | EventBody::SituationErased(_)
            | EventBody::Forgotten
            | EventBody::AssessmentCompleted(_)
            | EventBody::ReferralWithheld(_)
            | EventBody::ReopenAsked(_)
            | EventBody::VitalInterestAcknowledged(_)
            // Our own, which we do not hear.
            | EventBody::ClockBreached(_)
            | EventBody::ClockSettled(_)
            | EventBody::ContactRecorded(_)
            | EventBody::ContactPersonNamed(_)
            | EventBody::VisitPlanned(_)
            | EventBody::VisitEnded(_)
            | EventBody::FollowUpCompleted(_)
            | EventBody::OutcomeConfirmed(_)
            | EventBody::SituationReopened(_)
            | EventBody::CarerAsked(_)
            | EventBody::CarerAnswered(_)
            | EventBody::CarerLinkMade(_)
            | EventBody::CarerLinksTakenBack(_)
            | EventBody::LoopClosed(_) => {}
        }
        Ok(())
    }

    fn accepted(
        &mut self,
        event: &Event,
        body: &events::ReferralAccepted,
        traceparent: Option<String>,
        calendars: &Calendars,
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
        self.settled.push(settled(event, task.referral));
        if !body.took_over_referral_id.is_empty() {
            let from = id("took_over_referral_id", &body.took_over_referral_id)?;
            self.handed_over.push(HandedOver {
                from: settled(event, from),
                to: task.clone(),
            });
        }
        if let Some(kind) = task.state.promise() {
            let promise = Promised {
                event,
                kind,
                about: About::Referral(task.referral),
                urgency: task.urgency,
                traceparent,
                calendars,
            };
            self.started.push(promise.by(task.organisation.clone()));
        }
        self.opened.push(OpenedTask {
            task,
            home: home(event),
            at: event.occurred_at,
        });
        Ok(())
    }

    fn settle(&mut self, event: &Event, referral: &str) -> Result<(), ReactionError> {
        self.settled
            .push(settled(event, id("referral_id", referral)?));
        Ok(())
    }
}

/// A promise that an event makes.
struct Promised<'e> {
    event: &'e Event,
    kind: ClockKind,
    about: About,
    urgency: Urgency,
    traceparent: Option<String>,
    calendars: &'e Calendars,
}

impl Promised<'_> {
    /// A partner's, who sees it.
    fn by(self, organisation: OrganisationId) -> NewClock {
        NewClock {
            organisation: Some(organisation),
            ..self.of_nobody()
        }
    }

    /// One that only coordinators see.
    fn of_nobody(self) -> NewClock {
        let Self {
            event,
            kind,
            urgency,
            ..
        } = self;
        let calendar = self.calendars.of(&event.zone);
        NewClock {
            id: ClockId::derived(event.id.uuid(), ""),
            kind,
            situation: event.situation(),
            home: home(event),
            about: self.about,
            organisation: None,
            zone: event.zone.clone(),
            urgency,
            started_at: event.occurred_at,
            due_at: due(calendar, kind, urgency, event.occurred_at),
            traceparent: self.traceparent,
        }
    }
}

/// Whether the zone of this event has to do with the situation from now on. Where it lies is said
/// when it is flagged; afterwards a coordinator may choose a service of another zone, by sending a
/// referral on or by giving an item away.
const fn brings_to_zone(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::SignalFlagged(_) | EventBody::ReferralRedirected(_) | EventBody::ItemClosed(_)
    )
}

/// Whether this may have follow-up say something: that a delay is settled, or that it opens again.
pub(super) const fn may_speak(body: &EventBody) -> bool {
    match body {
        EventBody::ReferralRequested(body) => body.waited,
        EventBody::ReferralAccepted(_)
        | EventBody::ReferralDeclined(_)
        | EventBody::ReferralCancelled(_)
        | EventBody::ConsentChanged(_)
        | EventBody::SituationsMerged(_)
        | EventBody::SituationsSplit(_)
        | EventBody::ReopenAsked(_) => true,
        _ => false,
    }
}

fn settled(event: &Event, referral: ReferralId) -> Settled {
    Settled {
        referral,
        at: event.occurred_at,
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
