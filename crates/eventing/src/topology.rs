//! The one stream, made the same however often it is made, and who listens to whom.

use std::time::Duration;

use async_nats::jetstream::{
    self,
    context::CreateStreamError,
    stream::{self, DiscardPolicy, RetentionPolicy, StorageType},
};
use knipperlicht_contracts::event::Service;

use crate::envelope::SUBJECT_ROOT;

/// The stream's name.
pub const STREAM: &str = "KL_EVENTS";

/// Within this time the server drops an event that it already has: an optimisation, the inbox
/// is what counts.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);

/// The stream could not be made.
#[derive(Debug, thiserror::Error)]
#[error("stream {STREAM}: {0}; does this nats-server run with JetStream, version 2.12 or later?")]
pub struct TopologyError(#[from] CreateStreamError);

/// Whom a service listens to, and answers for in its inbox event by event. Notification keeps no
/// inbox: it listens to everything (see [`crate::Listener`]).
#[must_use]
pub const fn sources(service: Service) -> &'static [Service] {
    match service {
        Service::Intake => &[Service::Assessment, Service::Routing, Service::Followup],
        Service::Assessment => &[Service::Intake, Service::Followup],
        Service::Routing => &[Service::Intake, Service::Assessment, Service::Followup],
        Service::Followup => &[Service::Intake, Service::Assessment, Service::Routing],
        Service::Notification => &[],
    }
}

/// Whether what is said on this subject is for this service.
pub(crate) fn is_for(service: Service, subject: &str) -> bool {
    if matches!(service, Service::Notification) {
        return true;
    }
    // kl.evt.<partition>.<zone>.<aggregate>.<event>.v1
    let aggregate = subject.split('.').nth(4).unwrap_or_default();
    sources(service)
        .iter()
        .any(|source| source.aggregates().contains(&aggregate))
}

/// What the server says of the stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamState {
    /// When it was made, in nanoseconds since 1970: tells it from one made anew.
    pub(crate) made: i64,
    /// The number of its last message.
    pub(crate) last: u64,
}

/// Asks the server for the stream.
pub(crate) async fn stream_state(
    jetstream: &jetstream::Context,
) -> Result<StreamState, async_nats::Error> {
    let stream = jetstream.get_stream(STREAM).await?;
    let info = stream.cached_info();
    Ok(StreamState {
        made: i64::try_from(info.created.unix_timestamp_nanos())?,
        last: info.state.last_sequence,
    })
}

/// Makes the stream, or brings it up to date.
pub async fn ensure(jetstream: &jetstream::Context, replicas: usize) -> Result<(), TopologyError> {
    jetstream
        .create_or_update_stream(stream_config(replicas))
        .await?;
    Ok(())
}

pub(crate) fn stream_config(replicas: usize) -> stream::Config {
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
        // By which it is looked up how much waits for whom.
        allow_direct: true,
        ..stream::Config::default()
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
        assert!(is_for(
            Service::Notification,
            "kl.evt.3.gent.followup.completed.v1"
        ));
    }
}
