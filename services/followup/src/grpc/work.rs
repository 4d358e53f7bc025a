//! A call's work on one follow-up.

use jiff::Timestamp;
use knipperlicht_access::{OwnedTransaction, Principal};
use knipperlicht_contracts::{event::EventBody, followup::v1 as wire};
use knipperlicht_eventing::audit::Deed;
use knipperlicht_runtime::Step;
use knipperlicht_vocabulary::{ClockId, ClockKind, TaskId};
use sqlx::PgConnection;

use super::FollowupCalls;
use crate::{
    error::FollowupError,
    model::{Action, Silence, Task, Timeliness},
    store::{
        askings,
        clocks::{self, About, NewClock, SettledClock},
        holding, links, tasks,
    },
    story::{self, Telling},
};

/// A follow-up that somebody works on: its row locked, the caller's right to see it shown.
/// Dropped without [`finish`](Self::finish), nothing happened.
pub(super) struct Work<'a> {
    calls: &'a FollowupCalls,
    transaction: OwnedTransaction,
    task: Task,
    now: Timestamp,
    /// What lay with a coordinator and does not any more.
    settled: Vec<SettledClock>,
    step: Step,
    noted: Option<(Principal, &'static str)>,
}

/// Whether an action changed where a follow-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    Yes,
    No,
}

impl<'a> Work<'a> {
    /// Loads and locks in the caller's name; from here on acts as the service, for what is
    /// written (clocks, timeline, outbox) is not the caller's to see.
    pub(super) async fn begin(
        calls: &'a FollowupCalls,
        principal: &Principal,
        id: TaskId,
    ) -> Result<Self, FollowupError> {
        let mut work = Self::begin_even_held(calls, principal, id).await?;
        if holding::is_held(work.connection(), id).await? {
            return Err(FollowupError::Held);
        }
        Ok(work)
    }

    /// The same for what may be done also where the carer does not, or no longer, agree.
    pub(super) async fn begin_even_held(
        calls: &'a FollowupCalls,
        principal: &Principal,
        id: TaskId,
    ) -> Result<Self, FollowupError> {
        let kit = &calls.kit;
        let mut transaction = kit.database.begin(principal).await?;
        let task = tasks::lock(&mut transaction, id)
            .await?
            .ok_or(FollowupError::NotFound { what: "follow-up" })?;
        transaction.act_as(&kit.principal).await?;
        let step = match clocks::trace_of(&mut transaction, task.referral).await? {
            Some(story) => Step::take(Some(&story)),
            None => kit.step(&mut transaction, task.situation).await?,
        };
        Ok(Self {
            calls,
            transaction,
            task,
            now: kit.environment.now(),
            settled: Vec::new(),
            step,
            noted: None,
        })
    }

    pub(super) const fn task(&self) -> &Task {
        &self.task
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Whether what is done now comes by the day that was promised.
    pub(super) async fn timeliness(&mut self) -> Result<Timeliness, FollowupError> {
        let due = clocks::open_due(&mut self.transaction, self.task.referral).await?;
        Ok(Timeliness::of(self.now, due))
    }

    /// That the carer was asked and does not answer.
    pub(super) async fn silence(&mut self) -> Result<Silence, FollowupError> {
        let times = askings::times(&mut self.transaction, self.task.id).await?;
        Ok(Silence::of(times, self.timeliness().await?)?)
    }

    /// Lets `action` happen: the new state, and the promise that goes with it.
    pub(super) async fn act(&mut self, action: Action) -> Result<Moved, FollowupError> {
        let before = self.task.state;
        let after = before.after(action)?;
        if after == before {
            return Ok(Moved::No);
        }
        self.task.state = after;
        tasks::update(&mut self.transaction, self.now, &self.task).await?;
        if after.promise() != before.promise() {
            let stopped =
                clocks::stop(&mut self.transaction, self.now, &[self.task.referral]).await?;
            self.settled.extend(stopped);
            if let Some(kind) = after.promise() {
                let clock = self.promise(kind);
                clocks::start(&mut self.transaction, &[clock]).await?;
            }
        }
        match action {
            Action::Complete(..) => {
                let first = self.calls.asking.first(self.now);
                let traceparent = self.step.traceparent();
                askings::start(
                    &mut self.transaction,
                    &self.task,
                    first,
                    traceparent.as_deref(),
                )
                .await?;
            }
            Action::Confirm => askings::end(&mut self.transaction, self.task.id).await?,
            // A link asks about the ending that it was made for, while an answer is waited for.
            Action::Reopen | Action::LetRest(_) => {
                askings::end(&mut self.transaction, self.task.id).await?;
                links::end(&mut self.transaction, self.now, &[self.task.id.uuid()]).await?;
            }
            Action::Contact(_) | Action::Schedule(_) | Action::Visit(_) | Action::AskCarer => {}
        }
        Ok(Moved::Yes)
    }

    /// Has it noted in the audit log that somebody did this.
    pub(super) fn note(&mut self, principal: &Principal, action: &'static str) {
        self.noted = Some((principal.clone(), action));
    }

    /// Says it, and adds it to the timeline. Last of all, for it locks the situation.
    pub(super) async fn say(&mut self, body: impl Into<EventBody>) -> Result<(), FollowupError> {
        let telling = Telling {
            situation: self.task.situation,
            zone: self.task.zone.clone(),
            body: body.into(),
            traceparent: self.step.traceparent(),
        };
        let environment = &self.calls.kit.environment;
        story::tell(&mut self.transaction, environment, self.now, vec![telling]).await?;
        Ok(())
    }

    /// Makes it so; gives the follow-up as it now is.
    pub(super) async fn finish(mut self) -> Result<wire::Task, FollowupError> {
        let settled = self.settled.drain(..);
        let tellings = settled
            .map(|clock| story::settled(clock, self.step.traceparent()))
            .collect();
        let environment = &self.calls.kit.environment;
        story::tell(&mut self.transaction, environment, self.now, tellings).await?;
        let view = tasks::view(&mut self.transaction, self.task.id).await?;
        if let Some((principal, action)) = &self.noted {
            let deed = Deed {
                action,
                object: self.task.id.to_string(),
                purpose: "",
            };
            let kit = &self.calls.kit;
            kit.note(&mut self.transaction, principal, deed).await?;
        }
        self.transaction.commit().await?;
        self.calls.kit.committed();
        Ok(view.into())
    }

    fn promise(&self, kind: ClockKind) -> NewClock {
        let task = &self.task;
        NewClock {
            id: ClockId::new(&self.calls.kit.environment),
            kind,
            situation: task.situation,
            home: None,
            about: About::Referral(task.referral),
            organisation: Some(task.organisation.clone()),
            zone: task.zone.clone(),
            urgency: task.urgency,
            started_at: self.now,
            due_at: self.calls.asking.due(
                self.calls.calendars.of(&task.zone),
                kind,
                task.urgency,
                self.now,
            ),
            traceparent: self.step.traceparent(),
        }
    }
}
