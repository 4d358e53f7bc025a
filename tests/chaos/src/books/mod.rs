//! All that the databases hold, as plain values: what the proof is made from.

mod read;

use jiff::Timestamp;
use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::{Need, ReferralState};
use uuid::Uuid;

/// All that the databases hold.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Of intake.
    pub signals: Vec<Signal>,
    /// Of intake: what reporters see.
    pub steps: Vec<Step>,
    /// Of intake: who may ask for a carer's contact.
    pub grants: Vec<Grant>,
    /// Of assessment.
    pub assessments: Vec<Assessment>,
    /// Of routing.
    pub referrals: Vec<Referral>,
    /// Of routing: coordinators' items.
    pub items: Vec<Item>,
    /// Of routing: reasons that hold for making no referral.
    pub withheld: Vec<Withheld>,
    /// Of follow-up.
    pub tasks: Vec<Task>,
    /// Of follow-up: the clocks for accepting.
    pub accept_clocks: Vec<AcceptClock>,
    /// Of follow-up: every situation's story.
    pub timeline: Vec<Told>,
    /// Of all: the outboxes.
    pub said: Vec<Said>,
    /// Of all: the inboxes.
    pub heard: Vec<Heard>,
    /// Of all: what could not be handled.
    pub parked: Vec<Parked>,
    /// Of all: the audit logs.
    pub audit: Vec<AuditLog>,
    /// Of intake, from its audit log: situations whose contact was read.
    pub looked_at: Vec<Uuid>,
}

/// One observation by one reporter.
#[derive(Debug, Clone)]
pub struct Signal {
    /// The signal.
    pub id: Uuid,
    /// Its situation.
    pub situation: Uuid,
    /// When it was stored.
    pub received_at: Timestamp,
}

/// A step that reporters see.
#[derive(Debug, Clone)]
pub struct Step {
    /// Of which situation.
    pub situation: Uuid,
    /// Which: a code.
    pub step: String,
}

/// An organisation that may ask for a carer's contact.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Of which situation.
    pub situation: Uuid,
    /// Which.
    pub organisation: String,
}

/// One judgement.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// Of which signal.
    pub signal: Uuid,
    /// Of which situation.
    pub situation: Uuid,
    /// What is needed.
    pub needs: Vec<Need>,
}

/// One request to one partner's service.
#[derive(Debug, Clone)]
pub struct Referral {
    /// The referral.
    pub id: Uuid,
    /// Of which situation.
    pub situation: Uuid,
    /// The one it follows on.
    pub previous: Option<Uuid>,
    /// Whom it asks.
    pub organisation: String,
    /// For what.
    pub needs: Vec<Need>,
    /// Where it stands.
    pub state: ReferralState,
    /// Whether the partner was shown it.
    pub was_requested: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A coordinator's item.
#[derive(Debug, Clone)]
pub struct Item {
    /// The item.
    pub id: Uuid,
    /// Of which situation.
    pub situation: Uuid,
    /// The referral that ended here.
    pub referral: Option<Uuid>,
    /// For what.
    pub needs: Vec<Need>,
    /// Whether it lies there still.
    pub is_open: bool,
}

/// A reason for making no referral.
#[derive(Debug, Clone)]
pub struct Withheld {
    /// Of which situation.
    pub situation: Uuid,
    /// For what.
    pub needs: Vec<Need>,
}

/// One follow-up.
#[derive(Debug, Clone)]
pub struct Task {
    /// Of which referral.
    pub referral: Uuid,
    /// Where it stands: a code.
    pub state: String,
}

/// The clock for accepting a referral.
#[derive(Debug, Clone)]
pub struct AcceptClock {
    /// Of which referral.
    pub referral: Uuid,
    /// Whether it runs still.
    pub runs: bool,
}

/// One entry of a situation's story.
#[derive(Debug, Clone)]
pub struct Told {
    /// Of which situation.
    pub situation: Uuid,
    /// The type of the event.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
}

/// An event in an outbox.
#[derive(Debug, Clone)]
pub struct Said {
    /// Whose.
    pub source: Service,
    /// Of which situation.
    pub situation: Uuid,
    /// Its place among all that `source` said of the situation.
    pub sequence: i64,
    /// Its place in the outbox.
    pub position: i64,
    /// The event.
    pub event: Uuid,
    /// Its type.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// Whether it was published.
    pub is_published: bool,
}

/// An event in an inbox.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Whose inbox.
    pub listener: Service,
    /// Who said it.
    pub source: Service,
    /// Of which situation.
    pub situation: Uuid,
    /// Its place among all that `source` said of the situation.
    pub sequence: i64,
    /// The event.
    pub event: Uuid,
    /// When it was handled.
    pub at: Timestamp,
}

/// An event that could not be handled.
#[derive(Debug, Clone)]
pub struct Parked {
    /// By whom.
    pub listener: Service,
    /// Why.
    pub error: String,
}

/// The audit log of a service.
#[derive(Debug, Clone)]
pub struct AuditLog {
    /// Whose.
    pub service: Service,
    /// Its rows.
    pub rows: i64,
    /// What is wrong with them.
    pub faults: Vec<String>,
}
