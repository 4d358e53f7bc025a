//! What every service is given when it starts.

use knipperlicht_access::{Database, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::Bell;
use knipperlicht_vocabulary::Environment;

use crate::{Turns, Waker};

/// What every service is given when it starts.
#[derive(Clone)]
pub struct Kit {
    /// Which service.
    pub service: Service,
    /// Its database.
    pub database: Database,
    /// Time and randomness.
    pub environment: Environment,
    /// Itself, for what it does of its own accord: reactions, clocks, consequences of calls.
    pub principal: Principal,
    /// To be woken after each commit that said something.
    pub waker: Waker,
    /// To be told how many waited for an answer together.
    pub turns: Turns,
    /// To be rung after each commit that changed what somebody may be watching.
    pub bell: Bell,
}

impl Kit {
    /// Something was said and committed: the relay and those who watch may look.
    pub fn committed(&self) {
        self.waker.wake();
        self.bell.ring();
    }
}
