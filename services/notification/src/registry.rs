//! Who has a subscription: in memory, so that an event which concerns nobody costs nothing more.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    model::owner::{Owner, OwnerKind},
    store::subscriptions,
};

/// Who has a subscription, as of some version of the table.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    version: i64,
    subscriptions: HashMap<Owner, Vec<Uuid>>,
    organisations: usize,
    reporters: usize,
}

impl Wanted {
    /// The subscriptions of an owner.
    pub(crate) fn of(&self, owner: &Owner) -> &[Uuid] {
        self.subscriptions.get(owner).map_or(&[], Vec::as_slice)
    }

    /// Whether anybody has one.
    pub(crate) fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// Whether any organisation has one.
    pub(crate) const fn has_organisations(&self) -> bool {
        self.organisations > 0
    }

    /// Whether any reporter has one.
    pub(crate) const fn has_reporters(&self) -> bool {
        self.reporters > 0
    }
}

/// Keeps [`Wanted`] up to date.
#[derive(Debug, Default)]
pub(crate) struct Registry(RwLock<Wanted>);

impl Registry {
    /// Reads it anew if a subscription began or ended since, in whatever process.
    pub(crate) async fn refresh(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        // First the version: what changes in between is read again the next time.
        let version = subscriptions::version(&mut *connection).await?;
        if self.look(|wanted| wanted.version) == version {
            return Ok(());
        }
        let mut wanted = Wanted {
            version,
            ..Wanted::default()
        };
        for (owner, subscription) in subscriptions::live(connection).await? {
            match owner.kind {
                OwnerKind::Organisation => wanted.organisations += 1,
                OwnerKind::Reporter => wanted.reporters += 1,
                OwnerKind::Zone => {}
            }
            wanted
                .subscriptions
                .entry(owner)
                .or_default()
                .push(subscription);
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = wanted;
        Ok(())
    }

    /// Looks something up.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Wanted) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
