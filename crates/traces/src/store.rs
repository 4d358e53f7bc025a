//! The last traces. What a story says days later still finds its trace, if that is one of the last.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::Span;

/// Traces that are kept.
const TRACES: usize = 1_000;

/// Spans of one trace that are kept.
const SPANS: usize = 2_000;

/// The last traces.
#[derive(Debug, Clone, Default)]
pub struct Store(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    traces: HashMap<String, Vec<Span>>,
    /// The order in which they began to come in.
    order: VecDeque<String>,
    spans: u64,
    metrics: u64,
}

impl Store {
    /// The spans of a trace, in no particular order.
    #[must_use]
    pub fn trace(&self, id: &str) -> Vec<Span> {
        self.lock().traces.get(id).cloned().unwrap_or_default()
    }

    /// Every trace, the newest first.
    #[must_use]
    pub fn traces(&self) -> Vec<Vec<Span>> {
        let kept = self.lock();
        let newest = kept.order.iter().rev();
        newest
            .filter_map(|id| kept.traces.get(id).cloned())
            .collect()
    }

    /// How many spans came in.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.lock().spans
    }

    /// How many times somebody sent metrics.
    #[must_use]
    pub fn metrics_received(&self) -> u64 {
        self.lock().metrics
    }

    pub(crate) fn add(&self, spans: impl Iterator<Item = Span>) {
        let mut kept = self.lock();
        for span in spans {
            kept.add(span);
        }
    }

    pub(crate) fn count_metrics(&self) {
        self.lock().metrics += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A list is whole even if whoever added to it panicked afterwards.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, span: Span) {
        self.spans += 1;
        if !self.traces.contains_key(&span.trace) {
            if self.order.len() == TRACES
                && let Some(oldest) = self.order.pop_front()
            {
                self.traces.remove(&oldest);
            }
            self.order.push_back(span.trace.clone());
        }
        let spans = self.traces.entry(span.trace.clone()).or_default();
        if spans.len() < SPANS {
            spans.push(span);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Kind;

    fn span(trace: usize) -> Span {
        Span {
            trace: trace.to_string(),
            id: "1".to_owned(),
            parent: None,
            name: "call".to_owned(),
            kind: Kind::Server,
            began: 0,
            took: 1,
            failed: false,
            attributes: BTreeMap::new(),
            links: Vec::new(),
            process: BTreeMap::new(),
        }
    }

    #[test]
    fn only_the_last_traces_and_so_many_spans_of_each_are_kept() {
        let store = Store::default();
        store.add((0..=TRACES).map(span));
        assert!(store.trace("0").is_empty());
        assert_eq!(store.traces().len(), TRACES);
        assert_eq!(store.traces()[0][0].trace, TRACES.to_string());
        store.add((0..2 * SPANS).map(|_| span(7)));
        assert_eq!(store.trace("7").len(), SPANS);
        assert_eq!(store.received(), (TRACES + 1 + 2 * SPANS) as u64);
    }
}
