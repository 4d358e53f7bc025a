//! An event as a NATS message: CloudEvents attributes in headers, protobuf in the body.

use async_nats::{HeaderMap, header::NATS_MESSAGE_ID};
use jiff::Timestamp;
use knipperlicht_contracts::event::{EventBody, Service};
use knipperlicht_runtime::MessageSpan;
use knipperlicht_vocabulary::{EventId, SituationId, ZoneId};

use crate::{event::Fact, outbox::OutboxRow};

/// What every subject of ours begins with.
pub(crate) const SUBJECT_ROOT: &str = "kl.evt";

const ID: &str = "ce-id";
pub(crate) const SOURCE: &str = "ce-source";
pub(crate) const TYPE: &str = "ce-type";
pub(crate) const SUBJECT: &str = "ce-subject";
const TIME: &str = "ce-time";
const SEQUENCE: &str = "ce-sequence";
const ZONE: &str = "ce-zone";
const SPEC_VERSION: &str = "ce-specversion";
const CONTENT_TYPE: &str = "content-type";
const TRACEPARENT: &str = "traceparent";

/// A message that is not one of our events, or not one that can be read.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Unreadable {
    pub(crate) what: String,
    /// Where it belongs, when at least that could be read.
    pub(crate) place: Option<(Service, SituationId, i64)>,
}

/// `kl.evt.<partition>.<zone>.<aggregate>.<event>.v1`: the partition first, so that a consumer's
/// filter is the beginning of a subject, which the server finds without looking at every zone.
pub(crate) fn subject(row: &OutboxRow) -> String {
    format!(
        "{SUBJECT_ROOT}.{}.{}.{}",
        row.partition, row.zone, row.subject_tail
    )
}

/// The headers of an event of `source`, published in `span`.
pub(crate) fn headers(source: Service, row: &OutboxRow, span: &MessageSpan) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let event_id = row.event_id.to_string();
    if row.event_type == EventBody::FORGOTTEN {
        // The server may still know the message in whose place this one is said.
        headers.insert(NATS_MESSAGE_ID, format!("{event_id}.forgotten"));
    } else {
        headers.insert(NATS_MESSAGE_ID, event_id.as_str());
    }
    headers.insert(SPEC_VERSION, "1.0");
    headers.insert(ID, event_id.as_str());
    headers.insert(SOURCE, source.name());
    headers.insert(TYPE, row.event_type.as_str());
    headers.insert(SUBJECT, row.situation_id.to_string());
    headers.insert(TIME, row.occurred_at.to_string());
    headers.insert(SEQUENCE, row.sequence.to_string());
    headers.insert(ZONE, row.zone.as_str());
    headers.insert(CONTENT_TYPE, "application/protobuf");
    if let Some(traceparent) = span.traceparent().or_else(|| row.traceparent.clone()) {
        headers.insert(TRACEPARENT, traceparent.as_str());
    }
    headers
}

/// Reads a message as it came on `subject`. On the subjects of a service the server lets nobody else
/// speak (see `accounts`): who claims in a header to be another is not believed, not even in where it
/// belongs.
pub(crate) fn delivered(
    subject: &str,
    headers: Option<&HeaderMap>,
    body: &[u8],
) -> Result<Fact, Unreadable> {
    let opened = open(headers, body);
    let claimed = match &opened {
        Ok(fact) => Some(fact.source),
        Err(unreadable) => unreadable.place.map(|(source, ..)| source),
    };
    let aggregate = subject.split('.').nth(4).unwrap_or_default();
    match claimed {
        Some(source) if !source.aggregates().contains(&aggregate) => Err(Unreadable {
            what: format!("this is no subject of {}", source.name()),
            place: None,
        }),
        _ => opened,
    }
}

/// Reads a message.
pub(crate) fn open(headers: Option<&HeaderMap>, body: &[u8]) -> Result<Fact, Unreadable> {
    let mut place = None;
    fact(headers, body, &mut place).map_err(|what| Unreadable { what, place })
}

fn fact(
    headers: Option<&HeaderMap>,
    body: &[u8],
    place: &mut Option<(Service, SituationId, i64)>,
) -> Result<Fact, String> {
    let headers = headers.ok_or("no headers")?;
    let header = |name: &str| {
        headers
            .get(name)
            .map(async_nats::HeaderValue::as_str)
            .ok_or_else(|| format!("no header `{name}`"))
    };
    let source = Service::named(header(SOURCE)?).ok_or("unknown source")?;
    let situation: SituationId = header(SUBJECT)?
        .parse()
        .map_err(|_| "subject is not an id")?;
    let sequence: i64 = header(SEQUENCE)?
        .parse()
        .map_err(|_| "sequence is not a number")?;
    *place = Some((source, situation, sequence));
    let id: EventId = header(ID)?.parse().map_err(|_| "id is not an id")?;
    let zone: ZoneId = header(ZONE)?.parse().map_err(|_| "zone is not a zone")?;
    let occurred_at: Timestamp = header(TIME)?.parse().map_err(|_| "time is not a time")?;
    let body = EventBody::decode(header(TYPE)?, body).map_err(|error| error.to_string())?;
    if !body.is_said_by(source) {
        return Err(format!(
            "`{}` is not for {} to say",
            body.event_type(),
            source.name()
        ));
    }
    let traceparent = headers
        .get(TRACEPARENT)
        .map(|value| value.as_str().to_owned());
    Ok(Fact {
        id,
        source,
        said_of: situation,
        zone,
        sequence,
        occurred_at,
        body,
        traceparent,
    })
}
