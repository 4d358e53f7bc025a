//! The way of spans to the collector: a bounded queue and a thread of its own. Whoever ends a span
//! never waits; with the collector away or slow the queue fills, and what does not fit is dropped
//! and counted. (The SDK's own batch processor does likewise, but tells how many it dropped only in
//! a log line at its end.)

use std::{
    mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};

/// Spans that wait at most: some seconds of the line under full load, some 16 MB.
const WAITING: usize = 16_384;

/// Spans at most in one export.
const BATCH: usize = 1_024;

/// How long a few spans wait for more.
const PATIENCE: Duration = Duration::from_secs(1);

/// Spans that did not reach the collector, of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dropped(Arc<AtomicU64>);

impl Dropped {
    pub(crate) fn add(&self, spans: usize) {
        self.0
            .fetch_add(u64::try_from(spans).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    spans: Vec<SpanData>,
    is_flushing: bool,
    has_ended: bool,
}

/// Sends spans on.
#[derive(Debug)]
pub(crate) struct Outbound {
    queue: Arc<Queue>,
    dropped: Dropped,
    /// Answers once everything was sent.
    done: Mutex<mpsc::Receiver<()>>,
    /// Hands the thread what spans are said to be of, once, before the first of them.
    resource: mpsc::Sender<Resource>,
}

impl Outbound {
    /// Starts the thread. `exporter` is made on it, with a runtime that is only its own.
    pub(crate) fn start<E, F>(dropped: Dropped, exporter: F) -> std::io::Result<Self>
    where
        E: SpanExporter + 'static,
        F: FnOnce() -> Option<E> + Send + 'static,
    {
        let queue = Arc::new(Queue::default());
        let (said, done) = mpsc::channel();
        let (resource, told) = mpsc::channel();
        let worker = Worker {
            queue: Arc::clone(&queue),
            dropped: dropped.clone(),
            done: said,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("spans".to_owned())
            .spawn(move || {
                let made = runtime.block_on(async { exporter() });
                let Some(mut exporter) = made else { return };
                if let Ok(resource) = told.recv() {
                    exporter.set_resource(&resource);
                }
                worker.run(&runtime, &exporter);
            })?;
        Ok(Self {
            queue,
            dropped,
            done: Mutex::new(done),
            resource,
        })
    }

    fn wait(&self, timeout: Duration) -> OTelSdkResult {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = done.recv_timeout(timeout);
        waited.map_err(|_| OTelSdkError::Timeout(timeout))
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A list is whole even if whoever added to it panicked afterwards.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for Outbound {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let mut waiting = self.queue.lock();
        if waiting.spans.len() >= WAITING || waiting.has_ended {
            drop(waiting);
            self.dropped.add(1);
            return;
        }
        waiting.spans.push(span);
        let is_full = waiting.spans.len() == BATCH;
        drop(waiting);
        if is_full {
            self.queue.changed.notify_one();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.queue.lock().is_flushing = true;
        self.queue.changed.notify_one();
        self.wait(PATIENCE * 5)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        {
            let mut waiting = self.queue.lock();
            if mem::replace(&mut waiting.has_ended, true) {
                return Ok(());
            }
        }
        self.queue.changed.notify_one();
        let waited = self.wait(timeout);
        let left = mem::take(&mut self.queue.lock().spans);
        self.dropped.add(left.len());
        waited
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Nobody listens where the exporter could not be made: then nothing is sent.
        let _ = self.resource.send(resource.clone());
    }
}

/// What runs on the thread.
struct Worker {
    queue: Arc<Queue>,
    dropped: Dropped,
    done: mpsc::Sender<()>,
}

impl Worker {
    fn run(&self, runtime: &tokio::runtime::Runtime, exporter: &impl SpanExporter) {
        let mut is_away = false;
        loop {
            let mut waiting = self.queue.lock();
            while waiting.spans.len() < BATCH && !waiting.is_flushing && !waiting.has_ended {
                let (woken, timeout) = self
                    .queue
                    .changed
                    .wait_timeout(waiting, PATIENCE)
                    .unwrap_or_else(PoisonError::into_inner);
                waiting = woken;
                if timeout.timed_out() {
                    break;
                }
            }
            let batch = take(&mut waiting.spans);
            let is_last = waiting.spans.is_empty();
            let is_flushing = waiting.is_flushing && is_last;
            let has_ended = waiting.has_ended && is_last;
            drop(waiting);
            if !batch.is_empty() {
                let spans = batch.len();
                let sent = runtime.block_on(exporter.export(batch));
                self.note(&sent, spans, &mut is_away);
            }
            if is_flushing {
                self.queue.lock().is_flushing = false;
            }
            if is_flushing || has_ended {
                // Nobody may be waiting any more.
                let _ = self.done.send(());
            }
            if has_ended {
                return;
            }
        }
    }

    /// Says once that the collector is away, and once that it is there again.
    fn note(&self, sent: &OTelSdkResult, spans: usize, is_away: &mut bool) {
        match sent {
            Ok(()) => {
                if mem::replace(is_away, false) {
                    tracing::info!("spans reach the collector again");
                }
            }
            Err(error) => {
                self.dropped.add(spans);
                if !mem::replace(is_away, true) {
                    tracing::warn!(%error, "spans do not reach the collector and are dropped");
                }
            }
        }
    }
}

/// The next batch; the others stay, in order.
fn take(spans: &mut Vec<SpanData>) -> Vec<SpanData> {
    if spans.len() <= BATCH {
        return mem::take(spans);
    }
    let rest = spans.split_off(BATCH);
    mem::replace(spans, rest)
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Instant};

    use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};

    use super::*;

    /// A collector that takes a connection and never answers.
    #[derive(Debug)]
    struct Silent;

    impl SpanExporter for Silent {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            pending().await
        }
    }

    fn provider<E: SpanExporter + 'static>(dropped: &Dropped, exporter: E) -> SdkTracerProvider {
        let outbound = Outbound::start(dropped.clone(), || Some(exporter)).unwrap();
        SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOn)
            .with_span_processor(outbound)
            .build()
    }

    fn spans(provider: &SdkTracerProvider, count: usize) {
        let tracer = provider.tracer("test");
        for _ in 0..count {
            tracer.start("call").end();
        }
    }

    #[test]
    fn what_is_ended_is_sent_at_the_end_at_the_latest() {
        let (dropped, exporter) = (Dropped::default(), InMemorySpanExporter::default());
        let provider = provider(&dropped, exporter.clone());
        spans(&provider, 3 * BATCH + 1);
        provider.force_flush().unwrap();
        assert_eq!(exporter.get_finished_spans().unwrap().len(), 3 * BATCH + 1);
        assert_eq!(dropped.count(), 0);
    }

    #[test]
    fn with_a_silent_collector_nobody_waits_and_what_is_lost_is_counted() {
        let dropped = Dropped::default();
        let provider = provider(&dropped, Silent);
        let began = Instant::now();
        spans(&provider, 2 * WAITING);
        // A tenth of a millisecond each would be a line that waits.
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        let lost = usize::try_from(dropped.count()).unwrap();
        assert!((WAITING - BATCH..=WAITING).contains(&lost), "{lost}");
        let ended = provider.shutdown_with_timeout(Duration::from_millis(200));
        assert!(ended.is_err());
        // All but those that are on their way for ever.
        let lost = usize::try_from(dropped.count()).unwrap();
        assert!(
            (2 * WAITING - BATCH..=2 * WAITING).contains(&lost),
            "{lost}"
        );
    }
}
