//! `knipperlicht ops trace`: one signal's way, step by step. What was said and handled, and when, stands
//! in the tables of events: that works wherever the databases are, also where no collector was or where
//! it kept nothing of this trace. Where traces can be asked for (Jaeger's query API, or the page of a
//! development machine), every span is shown before it.

use clap::Args;
use comfy_table::Table;
use jiff::{SignedDuration, Timestamp};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::story::{self, HeardThen, SaidThen};
use knipperlicht_runtime::trace_id;
use knipperlicht_traces::{Row, Span, read, waterfall};
use knipperlicht_vocabulary::{SignalId, SituationId};

use super::{Desk, OpsError, http, table};
use crate::print::tell;

/// Characters of a bar.
const BAR: u64 = 40;

#[derive(Debug, Args)]
pub(super) struct TraceArgs {
    /// The signal
    signal: SignalId,
    /// Where traces can be asked for, such as `http://127.0.0.1:16686` (Jaeger); `make run` says its own
    #[arg(long, env = "KL_TRACES_URL", value_name = "URL")]
    traces_url: Option<String>,
}

/// What a service said and heard of a situation.
struct Part {
    service: Service,
    said: Vec<SaidThen>,
    heard: Vec<HeardThen>,
}

pub(super) async fn run(desk: &Desk, args: &TraceArgs) -> Result<(), OpsError> {
    let mut transaction = desk.open(Service::Intake).await?;
    let situation =
        knipperlicht_intake::looking_up::situation_of_signal(&mut transaction, args.signal).await?;
    transaction.rollback().await?;
    let situation = situation.ok_or(OpsError::NoSignal)?;
    let parts = parts(desk, situation).await?;
    let traces = traces_of(&parts);
    if traces.is_empty() {
        tell!("no trace was made of it\n")?;
    }
    for trace in &traces {
        tell!("trace {trace}\n")?;
        let Some(url) = &args.traces_url else {
            continue;
        };
        match spans(url, trace).await {
            Ok(spans) if !spans.is_empty() => tell!("{}\n", spans_table(&waterfall(&spans)))?,
            Ok(_) => tell!("nothing of it is kept at {url}\n")?,
            Err(error) => tell!("{error}\n")?,
        }
    }
    Ok(tell!("{}", events_table(&parts))?)
}

/// What is kept of a trace where traces can be asked for.
async fn spans(url: &str, trace: &str) -> Result<Vec<Span>, OpsError> {
    let url = format!("{}/api/traces/{trace}", url.trim_end_matches('/'));
    Ok(read(&http::get(&url).await?)?)
}

async fn parts(desk: &Desk, situation: SituationId) -> Result<Vec<Part>, OpsError> {
    let mut parts = Vec::new();
    for service in Service::ALL {
        let mut transaction = desk.open(*service).await?;
        parts.push(Part {
            service: *service,
            said: story::said(&mut transaction, situation).await?,
            heard: story::heard(&mut transaction, situation).await?,
        });
        transaction.rollback().await?;
    }
    Ok(parts)
}

/// The traces in which the situation was told of, each signal's own, in order of time.
fn traces_of(parts: &[Part]) -> Vec<String> {
    let mut told: Vec<&SaidThen> = parts.iter().flat_map(|part| &part.said).collect();
    told.sort_by_key(|said| said.occurred_at);
    let traces = told
        .into_iter()
        .filter_map(|said| trace_id(said.traceparent.as_deref()?));
    let mut in_order: Vec<String> = Vec::new();
    for trace in traces {
        if !in_order.contains(&trace) {
            in_order.push(trace);
        }
    }
    in_order
}

fn events_table(parts: &[Part]) -> Table {
    let mut events: Vec<(&Part, &SaidThen)> = parts
        .iter()
        .flat_map(|part| part.said.iter().map(move |said| (part, said)))
        .collect();
    events.sort_by_key(|(_, said)| said.occurred_at);
    let began = events.first().map(|(_, said)| said.occurred_at);
    let mut table = table(["after", "said by", "event", "in the stream", "handled by"]);
    for (part, said) in events {
        let after = |moment: Timestamp| between(said.occurred_at, moment);
        let mut handled: Vec<(Timestamp, String)> = parts
            .iter()
            .flat_map(|other| other.heard.iter().map(move |heard| (other, heard)))
            .filter(|(_, heard)| {
                heard.source == part.service.name() && heard.sequence == said.sequence
            })
            .map(|(other, heard)| {
                let at = heard.handled_at;
                (at, format!("{} +{}", other.service.name(), after(at)))
            })
            .collect();
        handled.sort();
        let handled: Vec<String> = handled.into_iter().map(|(_, told)| told).collect();
        let published = said.published_at.map_or_else(
            || "NOT YET".to_owned(),
            |moment| format!("+{}", after(moment)),
        );
        table.add_row([
            between(began.unwrap_or(said.occurred_at), said.occurred_at),
            part.service.name().to_owned(),
            said.event_type.clone(),
            published,
            handled.join(", "),
        ]);
    }
    table
}

fn spans_table(rows: &[Row<'_>]) -> Table {
    let end = rows.iter().map(|row| row.after + row.span.took).max();
    let end = end.unwrap_or_default().max(1);
    let mut table = table(["after", "took", "service", "span", ""]);
    for row in rows {
        let mark = if row.span.failed { "  FAILED" } else { "" };
        table.add_row([
            nanoseconds(row.after),
            nanoseconds(row.span.took),
            row.span.service().to_owned(),
            format!("{}{}{mark}", "  ".repeat(row.depth), row.span.name),
            bar(row.after, row.span.took, end),
        ]);
    }
    table
}

/// Where in the whole something lies, and how long it is.
fn bar(after: u64, took: u64, whole: u64) -> String {
    let part = |of: u64| u128::from(of) * u128::from(BAR) / u128::from(whole);
    let cells = |of: u128| usize::try_from(of).unwrap_or_default();
    let (before, long) = (cells(part(after)), cells(part(took)).max(1));
    format!("{}{}", " ".repeat(before), "=".repeat(long))
}

fn between(from: Timestamp, to: Timestamp) -> String {
    let took = to.duration_since(from);
    nanoseconds(u64::try_from(took.as_nanos()).unwrap_or_default())
}

/// As people read it: exact while it is short, in days when it is long.
fn nanoseconds(took: u64) -> String {
    let millis = i64::try_from(took / 1_000_000).unwrap_or(i64::MAX);
    if millis < 1_000 {
        let tenths = took / 100_000 % 10;
        return format!("{millis}.{tenths} ms");
    }
    format!("{:#}", SignedDuration::from_secs(millis / 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_where_and_how_long() {
        assert_eq!(bar(0, 10, 10), "=".repeat(40));
        assert_eq!(
            bar(5, 5, 10),
            format!("{}{}", " ".repeat(20), "=".repeat(20))
        );
        assert_eq!(bar(10, 0, 10), format!("{}=", " ".repeat(40)));
    }

    #[test]
    fn short_times_are_told_to_a_tenth_of_a_millisecond() {
        assert_eq!(nanoseconds(2_345_678), "2.3 ms");
        assert_eq!(nanoseconds(3_725_000_000_000), "1h 2m 5s");
    }
}
