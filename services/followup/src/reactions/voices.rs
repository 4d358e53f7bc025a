//! What people say that reaches follow-up by event: the carer no longer agrees, or agrees again;
//! a reporter says that it is not better.

use knipperlicht_contracts::{event::EventBody, events::v1 as events};
use knipperlicht_eventing::{Event, ReactionError};
use knipperlicht_vocabulary::{Actor, ClockId, Consent, SituationId};
use sqlx::PgConnection;

use super::FollowupReactions;
use crate::{
    error::FollowupError,
    model::{Action, Agreement, CaredFor, Task, to_reopen},
    store::{
        askings,
        clocks::{self, About, NewClock, SettledClock},
        holding, links, tasks,
    },
    story::Telling,
};

/// A follow-up that a reporter had opened again.
pub(super) struct Reopened {
    /// What lay with a coordinator and does not any more.
    pub(super) settled: Vec<SettledClock>,
    /// What there is to say.
    pub(super) telling: Telling,
}

impl FollowupReactions {
    /// Follow-ups are held for as long as the carer does not agree; then they go on where they
    /// stood, with a fresh promise. Gives what lay with a coordinator and does not any more.
    pub(super) async fn agreed(
        &self,
        connection: &mut PgConnection,
        event: &Event,
    ) -> Result<Vec<SettledClock>, ReactionError> {
        let mut settled = Vec::new();
        for (situation, said) in agreements(event)? {
            // Also where a later word is known: a merge brings follow-ups for which it holds too.
            let agreement = holding::agree(&mut *connection, situation, said).await?;
            if agreement.forbids() {
                let since = agreement.since;
                settled.extend(holding::hold(&mut *connection, situation, since).await?);
            } else if agreement.consent.allows_sharing() {
                for task in holding::let_go(&mut *connection, situation).await? {
                    self.promise_anew(&mut *connection, event, &task).await?;
                }
            }
        }
        Ok(settled)
    }

    /// Opens what was closed last if a reporter asks for it.
    pub(super) async fn asked_to_reopen(
        &self,
        connection: &mut PgConnection,
        event: &Event,
    ) -> Result<Option<Reopened>, ReactionError> {
        if !matches!(event.body, EventBody::ReopenAsked(_)) {
            return Ok(None);
        }
        let situation = event.situation();
        let followed = tasks::lock_all(&mut *connection, situation).await?;
        let Some(mut task) = to_reopen(followed) else {
            return Ok(None);
        };
        let reopened = task.state.after(Action::Reopen);
        task.state = reopened.map_err(FollowupError::from)?;
        let at = event.occurred_at;
        tasks::update(&mut *connection, at, &task).await?;
        let settled = clocks::stop(&mut *connection, at, &[task.referral]).await?;
        links::end(&mut *connection, at, &[task.id.uuid()]).await?;
        askings::end(&mut *connection, task.id).await?;
        self.promise_anew(&mut *connection, event, &task).await?;
        let body = events::SituationReopened {
            task_id: task.id.to_string(),
            referral_id: task.referral.to_string(),
            by_carer: false,
            by_reporter: true,
            by: Actor::Reporter.number(),
        };
        let telling = Telling {
            situation,
            zone: task.zone,
            body: body.into(),
            traceparent: event.onward_traceparent(),
        };
        Ok(Some(Reopened { settled, telling }))
    }

    /// The promise that goes with where a follow-up stands, from the moment of this event.
    async fn promise_anew(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        task: &Task,
    ) -> Result<(), ReactionError> {
        let Some(kind) = task.state.promise() else {
            return Ok(());
        };
        let at = event.occurred_at;
        let traceparent = event.onward_traceparent();
        if task.state.ending().is_some() {
            let first = self.asking.first(at);
            askings::start(&mut *connection, task, first, traceparent.as_deref()).await?;
        }
        let clock = NewClock {
            id: ClockId::derived(event.id.uuid(), &task.id.to_string()),
            kind,
            situation: task.situation,
            home: None,
            about: About::Referral(task.referral),
            organisation: Some(task.organisation.clone()),
            zone: task.zone.clone(),
            urgency: task.urgency,
            started_at: at,
            due_at: self
                .asking
                .due(self.calendars.of(&task.zone), kind, task.urgency, at),
            traceparent,
        };
        clocks::start(connection, &[clock]).await?;
        Ok(())
    }
}

/// What carers say of which situations, as far as this event tells.
fn agreements(event: &Event) -> Result<Vec<(SituationId, Agreement)>, ReactionError> {
    let said = match &event.body {
        EventBody::ConsentChanged(body) => vec![(event.situation(), &body.circumstances)],
        // Only of a signal that joined: what was just opened has no follow-up.
        EventBody::SignalFlagged(body)
            if body
                .circumstances
                .as_ref()
                .is_some_and(|told| told.consent_sequence > 1) =>
        {
            vec![(event.situation(), &body.circumstances)]
        }
        EventBody::SituationsMerged(body) => {
            vec![(situation(&body.into_situation_id)?, &body.circumstances)]
        }
        EventBody::SituationsSplit(body) => vec![
            (event.said_of, &body.circumstances),
            (
                situation(&body.from_situation_id)?,
                &body.from_circumstances,
            ),
        ],
        _ => Vec::new(),
    };
    said.into_iter()
        .filter_map(|(situation, told)| Some((situation, told.as_ref()?)))
        .map(|(situation, told)| {
            let consent = Consent::try_from(told.consent)
                .map_err(|error| ReactionError::Nonsense(error.to_string()))?;
            let agreement = Agreement {
                consent,
                sequence: told.consent_sequence,
                since: event.occurred_at,
                cared_for: CaredFor::of(told.cared_for_objects),
            };
            Ok((situation, agreement))
        })
        .collect()
}

fn situation(id: &str) -> Result<SituationId, ReactionError> {
    id.parse()
        .map_err(|_| ReactionError::Nonsense("a situation's id is not one".to_owned()))
}
