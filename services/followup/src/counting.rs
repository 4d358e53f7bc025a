//! What is counted for the zones' reports, when it is heard or said: once, for it is written in the
//! same transaction. Everything counts in the year in which it happened, in Belgian time, and for
//! the zone that the event names. docs/reports.md says what each figure means.

use std::collections::BTreeSet;

use jiff::Timestamp;
use knipperlicht_contracts::{event::EventBody, events::v1 as events};
use knipperlicht_eventing::Event;
use knipperlicht_vocabulary::{
    ClockKind, Consent, ContactResult, Environment, ItemKind, Need, Observation, OutcomeReason,
    OutcomeResult, ReferralId, ReporterRole, SituationId, TaskId, ZoneId,
};
use sqlx::PgConnection;

use crate::{
    model::{
        Timeliness,
        report::{By, Measure, TimeStep},
    },
    store::report::{self, Promised, Tally},
    story::Telling,
};

/// Counts what follows from a wave of events of other services.
pub(crate) async fn heard(
    connection: &mut PgConnection,
    environment: &Environment,
    wave: &[&Event],
) -> Result<(), sqlx::Error> {
    let mut counting = Counting::new(environment);
    let mut accepted = Vec::new();
    for event in wave {
        let about = About {
            situation: event.situation(),
            zone: &event.zone,
            at: event.occurred_at,
        };
        match &event.body {
            EventBody::SignalFlagged(body) => counting.flagged(about, body),
            EventBody::SignalWithdrawn(_) => counting.count(about, Measure::Withdrawn),
            EventBody::ConsentChanged(body) if !body.objection => {
                counting.not_shared(about, body.circumstances.as_ref());
            }
            EventBody::ReferralUnroutable(body) => counting.unroutable(about, body),
            // Taking a follow-up over is nothing that was promised.
            EventBody::ReferralAccepted(body) if body.took_over_referral_id.is_empty() => {
                if let Ok(referral) = body.referral_id.parse::<ReferralId>() {
                    accepted.push((about, referral));
                }
            }
            _ => {}
        }
    }
    let referrals: Vec<_> = accepted
        .iter()
        .map(|(about, referral)| (about.situation, *referral))
        .collect();
    let kind = ClockKind::Accept;
    let promised = report::promised(&mut *connection, kind, &referrals).await?;
    for (about, referral) in accepted {
        let promised = promised.get(&referral);
        let asked_at = promised.map(|promised| promised.started_at);
        counting.done(about, kind, timeliness(about.at, promised), asked_at);
    }
    report::note(connection, &counting.tally).await
}

/// Counts what follow-up itself has to say.
pub(crate) async fn said(
    connection: &mut PgConnection,
    environment: &Environment,
    now: Timestamp,
    tellings: &[Telling],
) -> Result<(), sqlx::Error> {
    let mut counting = Counting::new(environment);
    let (mut reached, mut closed) = (Vec::new(), Vec::new());
    for telling in tellings {
        let about = About {
            situation: telling.situation,
            zone: &telling.zone,
            at: now,
        };
        match &telling.body {
            EventBody::ClockBreached(body) => {
                if let Ok(kind) = ClockKind::try_from(body.kind) {
                    counting.count(about, Measure::Broken(kind));
                }
            }
            EventBody::ContactRecorded(body) => {
                let task = body.task_id.parse::<TaskId>().ok();
                if body.result == ContactResult::Reached.number() {
                    reached.extend(task.map(|task| (about, task)));
                }
            }
            EventBody::FollowUpCompleted(body) => {
                counting.ended(about, body);
                let task = body.task_id.parse::<TaskId>().ok();
                closed.extend(task.map(|task| (about, task, body.late)));
            }
            EventBody::OutcomeConfirmed(_) => counting.count(about, Measure::Confirmed),
            EventBody::SituationReopened(body) => {
                let by = match (body.by_carer, body.by_reporter) {
                    (true, _) => By::Carer,
                    (false, true) => By::Reporter,
                    (false, false) => By::Desk,
                };
                counting.count(about, Measure::Reopened(by));
            }
            _ => {}
        }
    }
    let tasks: Vec<TaskId> = reached
        .iter()
        .map(|(_, task)| *task)
        .chain(closed.iter().map(|(_, task, _)| *task))
        .collect();
    let begun = report::begun(&mut *connection, &tasks).await?;
    // Only the first time that the carer is reached.
    reached.retain(|(_, task)| begun.get(task).is_some_and(|begun| begun.reached == 1));
    let referrals: Vec<_> = reached
        .iter()
        .filter_map(|(about, task)| Some((about.situation, begun.get(task)?.referral)))
        .collect();
    let kind = ClockKind::FirstContact;
    let promised = report::promised(&mut *connection, kind, &referrals).await?;
    for (about, task) in reached {
        let begun = begun.get(&task);
        let promised = begun.and_then(|begun| promised.get(&begun.referral));
        let opened_at = begun.map(|begun| begun.opened_at);
        counting.done(about, kind, timeliness(now, promised), opened_at);
    }
    for (about, task, late) in closed {
        let opened_at = begun.get(&task).map(|begun| begun.opened_at);
        let timeliness = if late {
            Timeliness::Late
        } else {
            Timeliness::InTime
        };
        counting.done(about, ClockKind::Outcome, timeliness, opened_at);
    }
    report::note(connection, &counting.tally).await
}

/// A promise that ran out was not kept, whenever that was noticed. One that waits does not run out.
fn timeliness(at: Timestamp, promised: Option<&Promised>) -> Timeliness {
    match promised {
        Some(promised) if promised.breached => Timeliness::Late,
        Some(promised) => Timeliness::of(promised.paused_at.unwrap_or(at), Some(promised.due_at)),
        None => Timeliness::of(at, None),
    }
}

/// Of which situation, in which zone, when.
#[derive(Clone, Copy)]
struct About<'a> {
    situation: SituationId,
    zone: &'a ZoneId,
    at: Timestamp,
}

struct Counting<'e> {
    environment: &'e Environment,
    tally: Tally,
}

impl<'e> Counting<'e> {
    fn new(environment: &'e Environment) -> Self {
        Self {
            environment,
            tally: Tally::default(),
        }
    }

    fn count(&mut self, about: About<'_>, measure: Measure) {
        let day = self.environment.day_of(about.at);
        self.tally.count(about.zone, day, measure);
    }

    /// Every signal has one role; each thing noticed counts once. A number of a newer version's
    /// list counts as `other`, or not at all.
    fn flagged(&mut self, about: About<'_>, body: &events::SignalFlagged) {
        let role = ReporterRole::try_from(body.reporter_role).unwrap_or(ReporterRole::Other);
        self.count(about, Measure::Role(role));
        let observations: BTreeSet<Observation> = body
            .observations
            .iter()
            .filter_map(|number| Observation::try_from(*number).ok())
            .collect();
        for observation in observations {
            self.count(about, Measure::Observation(observation));
        }
        self.not_shared(about, body.circumstances.as_ref());
    }

    /// Who did not agree, and who stopped agreeing.
    fn not_shared(&mut self, about: About<'_>, told: Option<&events::Circumstances>) {
        let consent = told.and_then(|told| Consent::try_from(told.consent).ok());
        if let Some(consent @ (Consent::Refused | Consent::Withdrawn)) = consent {
            self.count(about, Measure::NotShared(consent));
        }
    }

    /// An emergency lies with a coordinator also where a partner was asked: only what lies there
    /// because nobody could be asked, or nobody would, is unmet.
    fn unroutable(&mut self, about: About<'_>, body: &events::ReferralUnroutable) {
        let kind = ItemKind::try_from(body.kind);
        if !matches!(kind, Ok(ItemKind::NoCandidate | ItemKind::AllDeclined)) {
            return;
        }
        let needs: BTreeSet<Need> = body
            .needs
            .iter()
            .filter_map(|number| Need::try_from(*number).ok())
            .collect();
        for need in needs {
            self.count(about, Measure::Unmet(need));
        }
    }

    fn ended(&mut self, about: About<'_>, body: &events::FollowUpCompleted) {
        if let Ok(result) = OutcomeResult::try_from(body.result) {
            let reason = OutcomeReason::try_from(body.reason).ok();
            self.count(about, Measure::outcome(result, reason));
        }
    }

    /// What was promised is done, and took so long since `began`, if that is known.
    fn done(
        &mut self,
        about: About<'_>,
        kind: ClockKind,
        timeliness: Timeliness,
        began: Option<Timestamp>,
    ) {
        let measure = match timeliness {
            Timeliness::InTime => Measure::Kept(kind),
            Timeliness::Late => Measure::Late(kind),
        };
        self.count(about, measure);
        if let Some(began) = began {
            let step = TimeStep::of(about.at.duration_since(began));
            self.count(about, Measure::Took(kind, step));
        }
    }
}
