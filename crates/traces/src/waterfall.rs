//! A trace as rows: each span under the one it hangs under, in the order they began.

use std::collections::{BTreeMap, HashSet};

use crate::Span;

/// A span in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'s> {
    /// The span.
    pub span: &'s Span,
    /// How far it is indented.
    pub depth: usize,
    /// How long after the first span it began, in nanoseconds.
    pub after: u64,
}

/// The rows of these spans, all of one trace. What hangs under a span that is not there (a phone does not
/// send its own) stands at the left; spans that hang under each other in a circle are left out.
#[must_use]
pub fn waterfall(spans: &[Span]) -> Vec<Row<'_>> {
    let known: HashSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let mut under: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        let parent = span.parent.as_deref().filter(|id| known.contains(id));
        under
            .entry(parent.unwrap_or_default())
            .or_default()
            .push(span);
    }
    for children in under.values_mut() {
        children.sort_by_key(|span| (span.began, &span.id));
    }
    let first = spans
        .iter()
        .map(|span| span.began)
        .min()
        .unwrap_or_default();
    let mut rows = Vec::with_capacity(spans.len());
    let mut next: Vec<(&Span, usize)> = Vec::new();
    let mut push = |next: &mut Vec<_>, parent: &str, depth| {
        let children = under.remove(parent).unwrap_or_default();
        next.extend(children.into_iter().rev().map(|span| (span, depth)));
    };
    push(&mut next, "", 0);
    while let Some((span, depth)) = next.pop() {
        rows.push(Row {
            span,
            depth,
            after: span.began - first,
        });
        push(&mut next, &span.id, depth + 1);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn span(id: &str, parent: Option<&str>, began: u64) -> Span {
        Span {
            trace: "t".to_owned(),
            id: id.to_owned(),
            parent: parent.map(ToOwned::to_owned),
            name: id.to_owned(),
            kind: Kind::Internal,
            began,
            took: 1,
            failed: false,
            attributes: BTreeMap::new(),
            links: Vec::new(),
            process: BTreeMap::new(),
        }
    }

    #[test]
    fn each_span_stands_under_its_parent_in_the_order_they_began() {
        let spans = [
            span("late", Some("root"), 30),
            span("grandchild", Some("early"), 40),
            span("root", Some("phone"), 10),
            span("early", Some("root"), 20),
        ];
        let rows: Vec<(&str, usize, u64)> = waterfall(&spans)
            .iter()
            .map(|row| (row.span.name.as_str(), row.depth, row.after))
            .collect();
        assert_eq!(
            rows,
            [
                ("root", 0, 0),
                ("early", 1, 10),
                ("grandchild", 2, 30),
                ("late", 1, 20)
            ]
        );
    }

    #[test]
    fn a_circle_ends() {
        let spans = [
            span("a", Some("b"), 1),
            span("b", Some("a"), 2),
            span("c", None, 0),
        ];
        assert_eq!(waterfall(&spans).len(), 1);
    }
}
