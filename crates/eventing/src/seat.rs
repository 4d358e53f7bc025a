//! A process's seat in the stream: which partitions it reads for a service, and from where.

use async_nats::jetstream;
use knipperlicht_access::{Database, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::Stop;
use knipperlicht_vocabulary::Partition;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    Feed, Lead, lease,
    reader::{Batch, Reader},
    topology::stream_state,
};

/// What a process reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// When the stream was made, in nanoseconds since 1970; nothing as long as none was seen.
    pub(crate) stream: Option<i64>,
    pub(crate) partitions: Vec<Partition>,
}

/// What keeps the share, and opens readers of it.
pub(crate) struct Seat<'s> {
    pub(crate) service: Service,
    pub(crate) database: &'s Database,
    pub(crate) principal: &'s Principal,
    pub(crate) jetstream: &'s jetstream::Context,
    pub(crate) feed: Option<&'s Feed>,
    pub(crate) lead: &'s Lead,
}

impl Seat<'_> {
    /// Keeps this process's share of the partitions, and looks whether the stream is still the
    /// same one.
    pub(crate) async fn hold(&self, process: Uuid, share: watch::Sender<Share>, stop: &Stop) {
        loop {
            match self.renew(process).await {
                Ok(partitions) => {
                    self.lead.reads(&partitions);
                    change(&share, |share| share.partitions = partitions);
                }
                Err(error) => {
                    // Perhaps it is another's by now.
                    self.lead.reads(&[]);
                    tracing::warn!(service = self.service.name(), %error, "share not renewed");
                }
            }
            match stream_state(self.jetstream).await {
                Ok(stream) => change(&share, |share| share.stream = Some(stream.made)),
                Err(error) => {
                    tracing::debug!(service = self.service.name(), %error, "stream not seen");
                }
            }
            if !stop.pause(lease::SAY_EVERY).await {
                return;
            }
        }
    }

    async fn renew(&self, process: Uuid) -> Result<Vec<Partition>, sqlx::Error> {
        let mut transaction = self.database.begin(self.principal).await?;
        let partitions = lease::renew(&mut transaction, process).await?;
        transaction.commit().await?;
        Ok(partitions)
    }

    /// Leaves everything to the others; when that fails, they wait for the lease to end.
    pub(crate) async fn release(&self, process: Uuid) {
        self.lead.reads(&[]);
        if let Err(error) = self.try_release(process).await {
            tracing::debug!(service = self.service.name(), %error, "others wait for the lease to end");
        }
    }

    async fn try_release(&self, process: Uuid) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.begin(self.principal).await?;
        lease::release(&mut transaction, process).await?;
        transaction.commit().await
    }

    /// A reader of this share; none as long as there is nothing to read.
    pub(crate) async fn open(&self, share: &Share) -> Result<Option<Reader>, async_nats::Error> {
        let Some(stream) = share.stream.filter(|_| !share.partitions.is_empty()) else {
            return Ok(None);
        };
        let mut transaction = self.database.begin(self.principal).await?;
        let mut places = lease::places(&mut transaction, stream, &share.partitions).await?;
        transaction.commit().await?;
        // Asked after: what was read is there.
        let end = stream_state(self.jetstream).await?.last;
        if places.reach_beyond(end) {
            let mut transaction = self.database.begin(self.principal).await?;
            lease::begin_again(&mut transaction, &mut places, end).await?;
            transaction.commit().await?;
        }
        Ok(Some(
            Reader::open(self.jetstream, self.service, places, self.feed).await?,
        ))
    }
}

/// What comes next; without a reader, never anything.
pub(crate) async fn next(reader: &mut Option<Reader>) -> Option<Batch> {
    match reader {
        Some(reader) => reader.next().await,
        None => std::future::pending().await,
    }
}

fn change(share: &watch::Sender<Share>, change: impl FnOnce(&mut Share)) {
    share.send_if_modified(|share| {
        let before = share.clone();
        change(share);
        *share != before
    });
}
