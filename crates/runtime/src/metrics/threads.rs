//! Whether there are threads enough: those that answer calls, and those behind them, for what nobody
//! waits for. The kernel counts both together.

use std::time::Duration;

use opentelemetry::KeyValue;
use tokio::runtime::{Handle, RuntimeMetrics};

use super::{Metric, MetricKind, instrument::meter};
use crate::behind;

/// Which threads.
const LABELS: &[&str] = &["runtime"];

pub(super) static BUSY: Metric = Metric {
    name: "knipperlicht.runtime.busy",
    kind: MetricKind::Counter,
    unit: "s",
    says: "For how long threads were at work, all of them together",
    labels: LABELS,
};

pub(super) static THREADS: Metric = Metric {
    name: "knipperlicht.runtime.threads",
    kind: MetricKind::Gauge,
    unit: "{thread}",
    says: "Threads that tasks run on",
    labels: LABELS,
};

pub(super) static TASKS: Metric = Metric {
    name: "knipperlicht.runtime.tasks",
    kind: MetricKind::Gauge,
    unit: "{task}",
    says: "Tasks that began and have not ended; most of them wait for something",
    labels: LABELS,
};

pub(super) static WAITING: Metric = Metric {
    name: "knipperlicht.runtime.waiting",
    kind: MetricKind::Gauge,
    unit: "{task}",
    says: "Tasks that could go on, and that no thread has taken yet",
    labels: LABELS,
};

/// What is counted of a runtime.
type Count = fn(&RuntimeMetrics) -> usize;

/// The threads of this process.
#[derive(Debug, Clone)]
struct Threads {
    calls: Handle,
}

impl Threads {
    /// Those behind are there as soon as something runs on them.
    fn each(&self) -> impl Iterator<Item = ([KeyValue; 1], RuntimeMetrics)> {
        let calls = Some(("calls", self.calls.clone()));
        let behind = behind::started().map(|behind| ("behind", behind));
        let both = calls.into_iter().chain(behind);
        both.map(|(name, handle)| ([KeyValue::new("runtime", name)], handle.metrics()))
    }
}

/// Lets the runtimes be asked whenever somebody looks; `calls` is the one of those that answer.
pub(crate) fn observe_threads(calls: Handle) {
    let threads = Threads { calls };
    let counts: [(&Metric, Count); 3] = [
        (&THREADS, RuntimeMetrics::num_workers),
        (&TASKS, RuntimeMetrics::num_alive_tasks),
        (&WAITING, RuntimeMetrics::global_queue_depth),
    ];
    for (metric, count) in counts {
        let threads = threads.clone();
        let _ = meter()
            .u64_observable_gauge(metric.name)
            .with_unit(metric.unit)
            .with_description(metric.says)
            .with_callback(move |observer| {
                for (of, runtime) in threads.each() {
                    observer.observe(u64::try_from(count(&runtime)).unwrap_or(u64::MAX), &of);
                }
            })
            .build();
    }
    let _ = meter()
        .f64_observable_counter(BUSY.name)
        .with_unit(BUSY.unit)
        .with_description(BUSY.says)
        .with_callback(move |observer| {
            for (of, runtime) in threads.each() {
                observer.observe(busy(&runtime).as_secs_f64(), &of);
            }
        })
        .build();
}

fn busy(runtime: &RuntimeMetrics) -> Duration {
    (0..runtime.num_workers())
        .map(|worker| runtime.worker_total_busy_duration(worker))
        .sum()
}
