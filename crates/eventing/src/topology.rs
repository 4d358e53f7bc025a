//! The one stream and its consumers, made the same however often they are made.

use std::time::Duration;

use async_nats::jetstream::{
    self, ErrorCode,
    consumer::{AckPolicy, DeliverPolicy, PriorityPolicy, pull},
    context::{CreateStreamError, GetStreamError},
    stream::{self, ConsumerError, ConsumerErrorKind, DiscardPolicy, RetentionPolicy, StorageType},
};
use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::Partition;

use crate::envelope::SUBJECT_ROOT;

/// The stream's name.
pub const STREAM: &str = "KL_EVENTS";

/// A message that was not acknowledged by then is delivered again. Short, for a handler that was
/// killed leaves its messages behind; a handler that is slow gets duplicates, which are harmless.
const ACK_WAIT: Duration = Duration::from_secs(4);

/// Messages at most, per partition, that a handler holds and has not acknowledged. All of them
/// have to be handled within [`ACK_WAIT`], or they are delivered again while they still wait
/// here: work that makes a slow handler slower.
const UNACKNOWLEDGED: i64 = 64;

/// A handler that has not pulled for so long loses its partition to another.
const PIN_TIMEOUT: Duration = Duration::from_secs(3);

/// The group that pins a partition to one handler.
pub(crate) const PIN_GROUP: &str = "one";

/// Within this time the server drops an event that it already has: an optimisation, the inbox
/// is what counts.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);

/// The stream or a consumer could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// The stream.
    #[error(
        "stream {STREAM}: {0}; does this nats-server run with JetStream, version 2.12 or later?"
    )]
    Stream(#[from] CreateStreamError),
    /// The stream, just made, could not be reached.
    #[error("stream {STREAM}: {0}")]
    Reach(#[from] GetStreamError),
    /// A consumer.
    #[error("consumer: {0}")]
    Consumer(#[from] ConsumerError),
}

/// Whom a service listens to.
#[must_use]
pub const fn sources(service: Service) -> &'static [Service] {
    match service {
        Service::Intake => &[Service::Assessment, Service::Routing, Service::Followup],
        Service::Assessment => &[Service::Intake],
        Service::Routing => &[Service::Intake, Service::Assessment, Service::Followup],
        Service::Followup => &[Service::Intake, Service::Assessment, Service::Routing],
    }
}

/// Whether what is said on this subject is for this service.
pub(crate) fn is_for(service: Service, subject: &str) -> bool {
    // kl.evt.<partition>.<zone>.<aggregate>.<event>.v1
    let aggregate = subject.split('.').nth(4).unwrap_or_default();
    sources(service)
        .iter()
        .any(|source| source.aggregates().contains(&aggregate))
}

/// Makes the stream and every consumer, or brings them up to date.
pub async fn ensure(jetstream: &jetstream::Context, replicas: usize) -> Result<(), TopologyError> {
    jetstream
        .create_or_update_stream(stream_config(replicas))
        .await?;
    let stream = jetstream.get_stream_no_info(STREAM).await?;
    for service in Service::ALL {
        for partition in Partition::all() {
            make_consumer(&stream, *service, partition).await?;
        }
    }
    Ok(())
}

/// Some settings of a consumer, such as how it acknowledges, cannot be changed: then it is made
/// anew, and what it has heard before is heard again, which changes nothing.
async fn make_consumer(
    stream: &stream::Stream<()>,
    service: Service,
    partition: Partition,
) -> Result<(), ConsumerError> {
    let config = consumer_config(service, partition);
    let made = stream.create_consumer(config.clone()).await;
    if let Err(error) = &made
        && let ConsumerErrorKind::JetStream(refused) = error.kind()
        && refused.error_code() == ErrorCode::CONSUMER_CREATE
    {
        stream
            .delete_consumer(&consumer_name(service, partition))
            .await?;
        stream.create_consumer(config).await?;
        return Ok(());
    }
    made.map(drop)
}

/// The durable name of the consumer of one service and partition.
#[must_use]
pub fn consumer_name(service: Service, partition: Partition) -> String {
    format!("{}-{:02}", service.name(), partition.number())
}

fn stream_config(replicas: usize) -> stream::Config {
    stream::Config {
        name: STREAM.to_owned(),
        subjects: vec![format!("{SUBJECT_ROOT}.>")],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        // Full means refused: the outbox keeps what the stream cannot take.
        discard: DiscardPolicy::New,
        max_age: Duration::from_hours(720),
        duplicate_window: DUPLICATE_WINDOW,
        num_replicas: replicas,
        allow_atomic_publish: true,
        ..stream::Config::default()
    }
}

fn consumer_config(service: Service, partition: Partition) -> pull::Config {
    pull::Config {
        durable_name: Some(consumer_name(service, partition)),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_ack_pending: UNACKNOWLEDGED,
        // One filter, on the partition alone: a list of them, one per source, makes the server search
        // all its subjects for each message (measured: a third of its time). What is not for this
        // service is left by `is_for`.
        filter_subject: format!("{SUBJECT_ROOT}.{}.>", partition.number()),
        priority_policy: PriorityPolicy::PinnedClient,
        priority_groups: vec![PIN_GROUP.to_owned()],
        priority_timeout: PIN_TIMEOUT,
        ..pull::Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_hears_its_sources_and_not_itself() {
        assert!(is_for(
            Service::Assessment,
            "kl.evt.3.gent.signal.flagged.v1"
        ));
        assert!(is_for(
            Service::Intake,
            "kl.evt.3.gent.referral.accepted.v1"
        ));
        assert!(!is_for(
            Service::Assessment,
            "kl.evt.3.gent.referral.accepted.v1"
        ));
        assert!(!is_for(Service::Intake, "kl.evt.3.gent.signal.flagged.v1"));
        assert!(!is_for(Service::Intake, "kl.evt.3"));
    }
}
