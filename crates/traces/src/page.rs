//! What a person sees: the last traces, and one of them as a waterfall. Plain pages, without a script.

use std::fmt::Write as _;

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{Html, IntoResponse},
    routing::get,
};

use crate::{Answer, Span, Store, waterfall};

/// Traces on the first page.
const LISTED: usize = 200;

const STYLE: &str = "\
body{font:14px system-ui,sans-serif;margin:1.5rem;color:#1c1c1c;background:#fff}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;vertical-align:top}\
tr:nth-child(even){background:#f5f5f5}td.bar{width:40%}\
.track{position:relative;height:1rem}.bar i{position:absolute;height:1rem;background:#2f6f9f;min-width:2px}\
.failed i{background:#b3261e}.failed td{color:#b3261e}summary{cursor:pointer}pre{margin:.3rem 0}";

pub(crate) fn routes(store: Store) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/trace/{id}", get(show))
        .route("/api/traces/{id}", get(answer))
        .with_state(store)
}

async fn answer(State(store): State<Store>, Path(id): Path<String>) -> Json<Answer> {
    Json(Answer::of(&store.trace(&id)))
}

async fn list(State(store): State<Store>) -> impl IntoResponse {
    let mut rows = String::new();
    // Writing to a text cannot fail.
    for spans in store.traces().iter().take(LISTED) {
        let all = waterfall(spans);
        let Some(first) = all.first() else { continue };
        let end = all.iter().map(|row| row.after + row.span.took).max();
        let failed = spans.iter().any(|span| span.failed);
        let _ = write!(
            rows,
            "<tr{}><td><a href=\"/trace/{id}\">{id}</a><td>{}<td>{}<td>{}",
            class(failed),
            escape(&first.span.name),
            spans.len(),
            duration(end.unwrap_or_default()),
            id = escape(&first.span.trace),
        );
    }
    document(
        "Traces",
        &format!(
            "<table><tr><th>trace<th>begins with<th>spans<th>from first to last{rows}</table>"
        ),
    )
}

async fn show(State(store): State<Store>, Path(id): Path<String>) -> impl IntoResponse {
    let spans = store.trace(&id);
    let all = waterfall(&spans);
    let end = all.iter().map(|row| row.after + row.span.took).max();
    let end = end.unwrap_or_default().max(1);
    let mut rows = String::new();
    for row in &all {
        let span = row.span;
        let _ = write!(
            rows,
            "<tr{}><td style=\"padding-left:{}rem\"><details><summary>{}</summary><pre>{}</pre></details>\
             <td>{}<td>{}<td>{}<td class=bar><div class=track><i style=\"left:{}%;width:{}%\"></i></div>",
            class(span.failed),
            row.depth,
            escape(&span.name),
            escape(&details(span)),
            escape(span.service()),
            duration(row.after),
            duration(span.took),
            percent(row.after, end),
            percent(span.took, end),
        );
    }
    document(
        &format!("Trace {}", escape(&id)),
        &format!(
            "<p><a href=\"/\">all traces</a></p><table><tr><th>span<th>service<th>after<th>took<th>{rows}</table>"
        ),
    )
}

fn document(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>\
         <style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    ))
}

const fn class(failed: bool) -> &'static str {
    if failed { " class=failed" } else { "" }
}

fn details(span: &Span) -> String {
    let attributes = span.attributes.iter();
    let mut lines: Vec<String> = attributes
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    lines.extend(
        span.links
            .iter()
            .map(|(trace, id)| format!("links to {trace} {id}")),
    );
    lines.join("\n")
}

fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100) / whole
}

/// Nanoseconds as people read them.
pub(crate) fn duration(nanoseconds: u64) -> String {
    let micros = nanoseconds / 1_000;
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000_000 => format!("{}.{:01} ms", micros / 1_000, micros % 1_000 / 100),
        10_000_000..7_200_000_000 => format!("{} s", micros / 1_000_000),
        _ => format!("{} h", micros / 3_600_000_000),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_into_the_page() {
        assert_eq!(escape("<b a=\"&\">"), "&lt;b a=&quot;&amp;&quot;&gt;");
    }

    #[test]
    fn durations_read_well() {
        for (nanoseconds, text) in [
            (1_500, "1 µs"),
            (2_340_000, "2.3 ms"),
            (12_000_000_000, "12 s"),
            (86_400_000_000_000, "24 h"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
    }
}
