//! One line: what waits in it is delivered in order, and what fails is waited for.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_runtime::Stop;
use knipperlicht_vocabulary::SubscriptionId;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Round, post, web};
use crate::{
    error::NotificationError,
    model::{
        backoff,
        fault::{Fault, Outcome, Verdict},
        mailing::{Plan, plan},
    },
    store::{
        attempts,
        deliveries::{self, End, Waiting, Which},
        lanes::{self, Claimed, Held},
        subscriptions::{self, Channel, Ending, Subscription},
    },
};

/// So long at most on one line, before others get their turn.
const TURN: Duration = Duration::from_secs(30);

/// Deliveries at most in one mail; more go into the next.
const IN_ONE_MAIL: i64 = 1_000;

/// What is looked back on to see whether a desk is busy.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Works on a line that was claimed. What fails on our own side is logged, and tried again when
/// the claim has run out.
pub(super) async fn work(round: Arc<Round>, lane: Claimed, stop: Stop) {
    if let Err(error) = round.work(lane, &stop).await {
        tracing::warn!(subscription = %lane.subscription, %error, "deliveries wait");
    }
}

/// When a line is due again.
enum Due {
    /// By what waits in it and when it is tried again.
    AsItStands,
    /// Then, as long as nothing comes behind this number.
    Then(Timestamp, i64),
}

impl Round {
    async fn work(&self, lane: Claimed, stop: &Stop) -> Result<(), NotificationError> {
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let subscription = subscriptions::find(&mut transaction, lane.subscription).await?;
        transaction.commit().await?;
        let Some(subscription) = subscription.filter(|found| found.sealed.is_some()) else {
            return self.abandon(lane).await;
        };
        let due = match subscription.channel {
            Channel::Webhook => {
                self.call_one_by_one(lane, &subscription, stop).await?;
                Due::AsItStands
            }
            Channel::Mail => self.mail(lane, &subscription).await?,
        };
        self.give_back(lane, due).await
    }

    async fn call_one_by_one(
        &self,
        lane: Claimed,
        subscription: &Subscription,
        stop: &Stop,
    ) -> Result<(), NotificationError> {
        let since = Instant::now();
        while since.elapsed() < TURN && !stop.is_requested() {
            let Some(first) = self.waiting(subscription.id, Which::All, 1).await?.pop() else {
                return Ok(());
            };
            let outcome = web::deliver(self, subscription, &first.news).await;
            match self.settle(lane, &[&first], outcome).await? {
                Next::GoOn => {}
                Next::Stop => return Ok(()),
            }
        }
        Ok(())
    }

    async fn mail(
        &self,
        lane: Claimed,
        subscription: &Subscription,
    ) -> Result<Due, NotificationError> {
        let urgent = self
            .waiting(subscription.id, Which::Urgent, IN_ONE_MAIL)
            .await?;
        let waiting = self
            .waiting(subscription.id, Which::All, IN_ONE_MAIL)
            .await?;
        if waiting.is_empty() {
            return Ok(Due::AsItStands);
        }
        let now = self.kit.environment.now();
        let since = now.saturating_sub(HOUR).unwrap_or(now);
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let recent = deliveries::mailed_since(&mut transaction, subscription.id, since).await?;
        let last = deliveries::last_waiting(&mut transaction, subscription.id).await?;
        transaction.commit().await?;
        let any_urgent = !urgent.is_empty();
        let plan = plan(now, &self.local, subscription.quiet, any_urgent, recent);
        let (chosen, due): (Vec<&Waiting>, Due) = match plan {
            Plan::Everything => (waiting.iter().collect(), Due::AsItStands),
            Plan::UrgentOnly(then) => (urgent.iter().collect(), Due::Then(then, last)),
            Plan::Wait(then) => return Ok(Due::Then(then, last)),
        };
        let outcome = post::deliver(self, subscription, &chosen).await;
        match self.settle(lane, &chosen, outcome).await? {
            Next::GoOn => Ok(due),
            Next::Stop => Ok(Due::AsItStands),
        }
    }

    async fn waiting(
        &self,
        subscription: SubscriptionId,
        which: Which,
        limit: i64,
    ) -> Result<Vec<Waiting>, NotificationError> {
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let waiting = deliveries::waiting(&mut transaction, subscription, which, limit).await?;
        transaction.commit().await?;
        Ok(waiting)
    }

    /// Writes down what came of an attempt, and what follows from it.
    async fn settle(
        &self,
        lane: Claimed,
        tried: &[&Waiting],
        outcome: Outcome,
    ) -> Result<Next, NotificationError> {
        let subscription = lane.subscription;
        let now = self.kit.environment.now();
        let ids: Vec<Uuid> = tried.iter().map(|one| one.news.id.uuid()).collect();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let verdict = outcome.verdict();
        if verdict == Verdict::EndSubscription {
            // Before any other lock.
            subscriptions::changed(&mut transaction).await?;
        }
        let held = lanes::hold(&mut transaction, now, lane).await?;
        attempts::record(&mut transaction, now, &ids, outcome).await?;
        let next = match verdict {
            Verdict::Delivered => {
                deliveries::settle(&mut transaction, now, &ids, End::Delivered).await?;
                lanes::note(&mut transaction, subscription, WELL).await?;
                Next::GoOn
            }
            Verdict::GiveUp => {
                deliveries::settle(&mut transaction, now, &ids, End::Dead).await?;
                lanes::note(&mut transaction, subscription, WELL).await?;
                Next::GoOn
            }
            Verdict::EndSubscription => {
                subscriptions::end(&mut transaction, now, subscription, Ending::Gone).await?;
                deliveries::give_up_all(&mut transaction, now, subscription).await?;
                lanes::close(&mut transaction, subscription).await?;
                tracing::info!(%subscription, "the receiver is gone: the subscription has ended");
                Next::Stop
            }
            Verdict::TryAgain => {
                let failures = held.map_or(0, |held| held.failures).saturating_add(1);
                let mut dice = [0; 4];
                self.kit.environment.fill(&mut dice);
                let dice = u32::from_le_bytes(dice);
                let (mut over, mut retry_at) = (Vec::new(), None);
                for one in tried {
                    match backoff::next_try(now, one.queued_at, failures, dice) {
                        Some(at) => retry_at = retry_at.min(Some(at)).or(Some(at)),
                        None => over.push(one.news.id.uuid()),
                    }
                }
                deliveries::settle(&mut transaction, now, &over, End::Dead).await?;
                lanes::note(&mut transaction, subscription, Held { failures, retry_at }).await?;
                tracing::info!(
                    %subscription,
                    status = outcome.status,
                    error = outcome.fault.map(Fault::word),
                    given_up = over.len(),
                    "a delivery failed"
                );
                if retry_at.is_some() {
                    Next::Stop
                } else {
                    Next::GoOn
                }
            }
        };
        transaction.commit().await?;
        // Somebody else took the line over meanwhile: it is theirs.
        Ok(if held.is_some() { next } else { Next::Stop })
    }

    /// Gives a line back, to be due when there is something to do.
    async fn give_back(&self, lane: Claimed, due: Due) -> Result<(), NotificationError> {
        let subscription = lane.subscription;
        let now = self.kit.environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let Some(held) = lanes::hold(&mut transaction, now, lane).await? else {
            return Ok(());
        };
        // Only now, with the line locked: what came before is seen, what comes after waits for us.
        let next_at = match (held.retry_at, due) {
            (Some(retry_at), _) => Some(retry_at),
            (None, Due::Then(then, number)) => {
                let more =
                    deliveries::any_waiting_after(&mut transaction, subscription, number).await?;
                Some(if more { now } else { then })
            }
            (None, Due::AsItStands) => {
                deliveries::any_waiting_after(&mut transaction, subscription, 0)
                    .await?
                    .then_some(now)
            }
        };
        lanes::give_back(&mut transaction, subscription, next_at).await?;
        transaction.commit().await?;
        if next_at.is_some_and(|at| at <= now) {
            self.kit.bell.ring();
        }
        Ok(())
    }

    /// Gives up what was heard for a subscription that has ended.
    async fn abandon(&self, lane: Claimed) -> Result<(), NotificationError> {
        let now = self.kit.environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        if lanes::hold(&mut transaction, now, lane).await?.is_some() {
            deliveries::give_up_all(&mut transaction, now, lane.subscription).await?;
            lanes::give_back(&mut transaction, lane.subscription, None).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// A line in which nothing failed.
const WELL: Held = Held {
    failures: 0,
    retry_at: None,
};

/// What comes after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}
