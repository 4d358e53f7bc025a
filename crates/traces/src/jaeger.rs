//! Traces as JSON, in the form of Jaeger's query API (`GET /api/traces/<id>`): written for whoever
//! looks here, read from here or from Jaeger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Kind, Span};

/// An answer of the API.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    data: Option<Vec<Trace>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Trace {
    #[serde(rename = "traceID")]
    id: String,
    spans: Vec<JaegerSpan>,
    #[serde(default)]
    processes: BTreeMap<String, Process>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JaegerSpan {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
    operation_name: String,
    #[serde(default)]
    references: Vec<Reference>,
    /// Microseconds since 1970.
    start_time: u64,
    /// Microseconds.
    duration: u64,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(rename = "processID", default)]
    process_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: String,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tag {
    key: String,
    value: serde_json::Value,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// It is no such answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer of a trace store: {0}")]
pub struct ReadError(#[from] serde_json::Error);

/// The spans in an answer; none where the trace is not kept.
pub fn read(answer: &[u8]) -> Result<Vec<Span>, ReadError> {
    let answer: Answer = serde_json::from_slice(answer)?;
    let traces = answer.data.unwrap_or_default();
    Ok(traces.into_iter().flat_map(spans).collect())
}

fn spans(trace: Trace) -> Vec<Span> {
    let Trace {
        spans, processes, ..
    } = trace;
    let processes: BTreeMap<String, BTreeMap<String, String>> = processes
        .into_iter()
        .map(|(id, process)| {
            let mut said = texts(process.tags);
            said.insert("service.name".to_owned(), process.service_name);
            (id, said)
        })
        .collect();
    let read = |span: JaegerSpan| {
        let (parents, links): (Vec<_>, Vec<_>) = span
            .references
            .into_iter()
            .partition(|one| one.ref_type == "CHILD_OF" && one.trace_id == span.trace_id);
        let attributes = texts(span.tags);
        let kind = attributes.get("span.kind").map(String::as_str);
        let parent = parents.into_iter().next();
        Span {
            trace: span.trace_id,
            id: span.span_id,
            parent: parent.map(|parent| parent.span_id),
            name: span.operation_name,
            kind: Kind::named(kind.unwrap_or_default()),
            began: span.start_time * 1_000,
            took: span.duration * 1_000,
            failed: attributes.get("error").is_some_and(|error| error == "true"),
            links: links
                .into_iter()
                .map(|link| (link.trace_id, link.span_id))
                .collect(),
            process: processes.get(&span.process_id).cloned().unwrap_or_default(),
            attributes,
        }
    };
    spans.into_iter().map(read).collect()
}

fn texts(tags: Vec<Tag>) -> BTreeMap<String, String> {
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    tags.into_iter()
        .map(|tag| (tag.key, text(tag.value)))
        .collect()
}

impl Answer {
    /// That a trace is not kept.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            data: Some(Vec::new()),
        }
    }

    /// One trace.
    #[must_use]
    pub fn of(spans: &[Span]) -> Self {
        let Some(first) = spans.first() else {
            return Self::nothing();
        };
        let mut processes: Vec<&BTreeMap<String, String>> = Vec::new();
        let mut written = Vec::with_capacity(spans.len());
        for span in spans {
            let known = processes.iter().position(|one| **one == span.process);
            let number = known.unwrap_or_else(|| {
                processes.push(&span.process);
                processes.len() - 1
            });
            written.push(write(span, format!("p{number}")));
        }
        let process = |said: &BTreeMap<String, String>| Process {
            service_name: said.get("service.name").cloned().unwrap_or_default(),
            tags: tags(said),
        };
        let processes = processes.into_iter().enumerate();
        Self {
            data: Some(vec![Trace {
                id: first.trace.clone(),
                spans: written,
                processes: processes
                    .map(|(number, said)| (format!("p{number}"), process(said)))
                    .collect(),
            }]),
        }
    }
}

fn write(span: &Span, process_id: String) -> JaegerSpan {
    let reference = |kind: &str, trace: &str, id: &str| Reference {
        ref_type: kind.to_owned(),
        trace_id: trace.to_owned(),
        span_id: id.to_owned(),
    };
    let parent = span
        .parent
        .iter()
        .map(|parent| reference("CHILD_OF", &span.trace, parent));
    let links = span
        .links
        .iter()
        .map(|(trace, id)| reference("FOLLOWS_FROM", trace, id));
    let mut tags = tags(&span.attributes);
    let mut tag = |key: &str, value: &str| {
        tags.push(Tag {
            key: key.to_owned(),
            value: value.into(),
        });
    };
    tag("span.kind", span.kind.word());
    if span.failed {
        tag("error", "true");
    }
    JaegerSpan {
        trace_id: span.trace.clone(),
        span_id: span.id.clone(),
        operation_name: span.name.clone(),
        references: parent.chain(links).collect(),
        start_time: span.began / 1_000,
        duration: span.took / 1_000,
        tags,
        process_id,
    }
}

fn tags(texts: &BTreeMap<String, String>) -> Vec<Tag> {
    texts
        .iter()
        .map(|(key, value)| Tag {
            key: key.clone(),
            value: value.as_str().into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = |pairs: &[(&str, &str)]| {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            pairs.iter().map(owned).collect::<BTreeMap<_, _>>()
        };
        let span = Span {
            trace: "aa".repeat(16),
            id: "bb".repeat(8),
            parent: Some("cc".repeat(8)),
            name: "process kl.evt".to_owned(),
            kind: Kind::Consumer,
            began: 1_700_000_000_000_001_000,
            took: 2_000,
            failed: true,
            attributes: text(&[("messaging.system", "nats")]),
            links: vec![("dd".repeat(16), "ee".repeat(8))],
            process: text(&[("service.name", "knipperlicht")]),
        };
        let text = serde_json::to_vec(&Answer::of(std::slice::from_ref(&span))).unwrap();
        let mut back = read(&text).unwrap().pop().unwrap();
        assert_eq!(
            back.attributes.remove("span.kind").as_deref(),
            Some("consumer")
        );
        assert_eq!(back.attributes.remove("error").as_deref(), Some("true"));
        assert_eq!(back, span);
    }

    #[test]
    fn what_jaeger_answers_is_read() {
        let answer = br#"{"data":[{"traceID":"t","spans":[{"traceID":"t","spanID":"s","flags":1,
            "operationName":"x","references":[],"startTime":5,"duration":7,
            "tags":[{"key":"http.response.status_code","type":"int64","value":200}],
            "logs":[],"processID":"p1","warnings":null}],
            "processes":{"p1":{"serviceName":"knipperlicht","tags":[]}},"warnings":null}],
            "total":0,"limit":0,"offset":0,"errors":null}"#;
        let spans = read(answer).unwrap();
        assert_eq!((spans[0].began, spans[0].took), (5_000, 7_000));
        assert_eq!(spans[0].attributes["http.response.status_code"], "200");
        assert!(
            read(br#"{"data":null,"errors":[{"code":404}]}"#)
                .unwrap()
                .is_empty()
        );
    }
}
