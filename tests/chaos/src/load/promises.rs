//! What the line promised to whom: every answer it gave. The databases must bear it out.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use knipperlicht_contracts::{from_proto, intake::v1 as intake};
use tonic::Status;
use uuid::Uuid;

/// A receipt that a reporter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The signal.
    pub signal: Uuid,
    /// Its situation.
    pub situation: Uuid,
    /// When it was stored.
    pub received_at: Timestamp,
}

impl Receipt {
    /// Reads a receipt; nothing if it is none.
    #[must_use]
    pub fn read(receipt: &intake::Receipt) -> Option<Self> {
        Some(Self {
            signal: receipt.signal_id.parse().ok()?,
            situation: receipt.situation_id.parse().ok()?,
            received_at: from_proto(receipt.received_at?).ok()?,
        })
    }
}

/// When a signal was acknowledged, and when the call that was answered had been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The call.
    pub called_at: Timestamp,
    /// The answer.
    pub at: Timestamp,
}

/// What a partner's desk was told of its decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Accepted.
    Accepted,
    /// Declined or sent on: it is with somebody else now.
    PassedOn,
}

/// What the line promised to whom.
#[derive(Debug, Clone, Default)]
pub struct Promises {
    /// Signals that were sent, each counted once.
    pub sent: u64,
    /// Calls that were made again for want of an answer: how often for which reason.
    pub retries: BTreeMap<String, u64>,
    /// Signals that were sent again though they had been acknowledged.
    pub repeated: u64,
    /// The first receipt for each signal.
    pub receipts: HashMap<Uuid, Receipt>,
    /// Signals that were given another receipt later.
    pub contradicted: Vec<Uuid>,
    /// Signals that were refused though nothing is wrong with them, and why.
    pub refused: Vec<(Uuid, String)>,
    /// When signals were acknowledged, in that order.
    pub acks: Vec<Ack>,
    /// What desks were told.
    pub decisions: HashMap<Uuid, Decision>,
    /// Follow-ups that a desk was told are completed, by referral.
    pub completed: Vec<Uuid>,
    /// Situations whose contact a desk was given.
    pub looked_at: Vec<Uuid>,
}

impl Promises {
    /// Signals that were sent until their reporter gave up, and never acknowledged nor refused.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        let answered = self.receipts.len() + self.refused.len();
        self.sent
            .saturating_sub(u64::try_from(answered).unwrap_or(u64::MAX))
    }
}

/// The same while everybody is at work.
#[derive(Debug, Default)]
pub struct SharedPromises(Mutex<Promises>);

impl SharedPromises {
    fn lock(&self) -> MutexGuard<'_, Promises> {
        // Nothing is left half done by a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sent(&self) {
        self.lock().sent += 1;
    }

    pub(super) fn retried(&self, why: &Status) {
        let why = format!("{:?}: {}", why.code(), why.message());
        *self.lock().retries.entry(why).or_default() += 1;
    }

    pub(super) fn repeated(&self) {
        self.lock().repeated += 1;
    }

    pub(super) fn refused(&self, signal: Uuid, why: String) {
        self.lock().refused.push((signal, why));
    }

    pub(super) fn acknowledged(&self, receipt: Receipt, ack: Ack) {
        let mut promises = self.lock();
        promises.acks.push(ack);
        let first = *promises.receipts.entry(receipt.signal).or_insert(receipt);
        if first != receipt {
            promises.contradicted.push(receipt.signal);
        }
    }

    pub(super) fn decided(&self, referral: Uuid, decision: Decision) {
        self.lock().decisions.insert(referral, decision);
    }

    pub(super) fn completed(&self, referral: Uuid) {
        self.lock().completed.push(referral);
    }

    pub(super) fn looked_at(&self, situation: Uuid) {
        self.lock().looked_at.push(situation);
    }

    /// Calls that were made again so far, for want of an answer: how often for which reason.
    #[must_use]
    pub fn retries(&self) -> BTreeMap<String, u64> {
        self.lock().retries.clone()
    }

    /// Whether a signal that was sent after `moment` was acknowledged.
    #[must_use]
    pub fn acknowledged_since(&self, moment: Timestamp) -> bool {
        self.lock()
            .acks
            .iter()
            .rev()
            .take(500)
            .any(|ack| ack.called_at >= moment)
    }

    pub(super) fn take(&self) -> Promises {
        std::mem::take(&mut *self.lock())
    }
}
