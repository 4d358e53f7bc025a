//! Which of a service's processes tells of the whole service: the one that reads the first partition.
//! What is told so (how old the oldest unhandled event is, how many are parked) is told once, however
//! many processes there are, and within seconds by another when that one is gone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use knipperlicht_vocabulary::Partition;

/// Whether this process tells of the whole service.
#[derive(Debug, Clone, Default)]
pub struct Lead(Arc<AtomicBool>);

impl Lead {
    /// Whether it does just now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// These partitions are this process's to read.
    pub(crate) fn reads(&self, partitions: &[Partition]) {
        let first = partitions.iter().any(|partition| partition.number() == 0);
        self.0.store(first, Ordering::Relaxed);
    }
}
