//! Reporters and partners at work, and what the line promised them.

mod partners;
mod promises;
mod reporters;
mod signals;

use std::sync::Arc;

use knipperlicht_runtime::Stop;
use knipperlicht_vocabulary::Environment;
use tokio::task::JoinSet;

use crate::{ChaosError, Dice, people::People};

pub use promises::{Ack, Decision, Promises, Receipt, SharedPromises};
pub use signals::Signals;

/// How much is asked of the line.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// New signals a second, of all reporters together.
    pub signals: u32,
    /// Reporters.
    pub reporters: u32,
}

/// Everybody at work.
pub struct Load {
    reporting: Stop,
    partnering: Stop,
    reporters: JoinSet<()>,
    partners: JoinSet<()>,
    promises: Arc<SharedPromises>,
}

impl Load {
    /// Sets everybody to work.
    pub fn start(
        people: &People,
        environment: &Environment,
        rate: Rate,
        dice: &Dice,
    ) -> Result<Self, ChaosError> {
        let (reporting, partnering) = (Stop::default(), Stop::default());
        let promises = Arc::new(SharedPromises::default());
        let signals = Arc::new(Signals::everywhere(environment)?);
        let mut reporters = JoinSet::new();
        for number in 0..rate.reporters {
            let reporter = reporters::Reporter {
                phone: people.reporter(&format!("reporter-{number}"))?,
                environment: environment.clone(),
                signals: Arc::clone(&signals),
                promises: Arc::clone(&promises),
            };
            let pace = f64::from(rate.signals) / f64::from(rate.reporters.max(1));
            reporters.spawn(reporter.work(pace, dice.split(u64::from(number)), reporting.clone()));
        }
        let bots = partners::Bots::new(people.clone(), Arc::clone(&promises))?;
        let mut partners = JoinSet::new();
        partners.spawn(bots.clone().decide(dice.split(1_000), partnering.clone()));
        partners.spawn(bots.follow_up(dice.split(1_001), partnering.clone()));
        Ok(Self {
            reporting,
            partnering,
            reporters,
            partners,
            promises,
        })
    }

    /// Lets everybody finish what they are at: signals under way are sent until they are
    /// acknowledged. What was promised to whom comes back.
    pub async fn finish(mut self) -> Promises {
        self.reporting.request();
        while self.reporters.join_next().await.is_some() {}
        self.partnering.request();
        while self.partners.join_next().await.is_some() {}
        self.promises.take()
    }

    /// What was promised so far.
    #[must_use]
    pub fn promises(&self) -> &SharedPromises {
        &self.promises
    }
}
