//! Follow-up: from acceptance until the carer says that it helped.
//!
//! It keeps every promise in view: a clock runs from the moment a partner is asked until the
//! carer was asked whether it helped, and whoever is late is named. It also keeps the timeline,
//! one row for every event of any service.

mod askings;
mod clocks;
mod counting;
mod error;
mod grpc;
pub mod model;
mod reactions;
mod store;
mod story;
mod tallies;
mod unreadable;
mod watch;

use std::sync::Arc;

use knipperlicht_contracts::followup::v1::followup_service_server::FollowupServiceServer;
use knipperlicht_eventing::Kit;
use knipperlicht_links::Address;
use sqlx::migrate::Migrator;

pub use askings::Askings;
pub use clocks::{Clocks, overdue};
pub use error::FollowupError;
pub use grpc::FollowupCalls;
pub use reactions::FollowupReactions;
pub use tallies::Tallies;
pub use watch::Watch;

use model::{AskingRule, Calendars};

/// The tables of follow-up.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// No call carries more than a few codes and ids.
const LARGEST_REQUEST: usize = 64 * 1024;

/// The service.
#[derive(Clone)]
pub struct Followup {
    kit: Kit,
    calendars: Arc<Calendars>,
    asking: AskingRule,
    address: Address,
}

impl Followup {
    /// The service on its own database, counting promises by `calendars`. Carers are asked by
    /// `asking`; their links begin with `address`.
    #[must_use]
    pub fn new(kit: Kit, calendars: Calendars, asking: AskingRule, address: Address) -> Self {
        Self {
            kit,
            calendars: Arc::new(calendars),
            asking,
            address,
        }
    }

    /// What it answers.
    #[must_use]
    pub fn routes(&self) -> FollowupServiceServer<FollowupCalls> {
        let calls = FollowupCalls::new(
            self.kit.clone(),
            Arc::clone(&self.calendars),
            self.asking,
            self.address.clone(),
        );
        FollowupServiceServer::new(calls).max_decoding_message_size(LARGEST_REQUEST)
    }

    /// What it does when it hears something.
    #[must_use]
    pub fn reactions(&self) -> Arc<FollowupReactions> {
        Arc::new(FollowupReactions::new(
            self.kit.clone(),
            Arc::clone(&self.calendars),
            self.asking,
        ))
    }

    /// What has carers asked whether it helped.
    #[must_use]
    pub fn askings(&self) -> Askings {
        Askings::new(self.kit.clone(), self.asking)
    }

    /// What adds up what was counted for the reports.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        Tallies::new(self.kit.clone())
    }

    /// What tells of promises and open loops.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::new(self.kit.clone())
    }

    /// What fires the clocks that are due.
    #[must_use]
    pub fn clocks(&self) -> Clocks {
        Clocks::new(self.kit.clone())
    }
}
