//! What the process uses, as the kernel tells it.

use std::{fs, time::Instant};

use super::{Metric, MetricKind, instrument::meter};
use crate::telemetry::Dropped;

pub(super) static MEMORY: Metric = Metric {
    name: "process.memory.usage",
    kind: MetricKind::Gauge,
    unit: "By",
    says: "Memory that the process holds (resident)",
    labels: &[],
};

pub(super) static CPU: Metric = Metric {
    name: "process.cpu.time",
    kind: MetricKind::Counter,
    unit: "s",
    says: "Processor time that the process used",
    labels: &[],
};

pub(super) static UPTIME: Metric = Metric {
    name: "process.uptime",
    kind: MetricKind::Gauge,
    unit: "s",
    says: "How long the process runs",
    labels: &[],
};

pub(super) static DROPPED: Metric = Metric {
    name: "knipperlicht.telemetry.dropped",
    kind: MetricKind::Counter,
    unit: "{item}",
    says: "Spans that could not be sent to the collector",
    labels: &[],
};

/// The kernel counts processor time in hundredths of a second, on every architecture that we know.
const TICKS: f64 = 100.0;

/// The kernel tells of memory in these.
const KIB: f64 = 1024.0;

/// Lets the kernel be asked whenever somebody looks.
pub(crate) fn observe_process(dropped: Dropped) {
    let began = Instant::now();
    let _ = meter()
        .f64_observable_gauge(MEMORY.name)
        .with_unit(MEMORY.unit)
        .with_description(MEMORY.says)
        .with_callback(|observer| {
            if let Some(bytes) = resident() {
                observer.observe(bytes, &[]);
            }
        })
        .build();
    let _ = meter()
        .f64_observable_counter(CPU.name)
        .with_unit(CPU.unit)
        .with_description(CPU.says)
        .with_callback(|observer| {
            if let Some(seconds) = processor() {
                observer.observe(seconds, &[]);
            }
        })
        .build();
    let _ = meter()
        .f64_observable_gauge(UPTIME.name)
        .with_unit(UPTIME.unit)
        .with_description(UPTIME.says)
        .with_callback(move |observer| observer.observe(began.elapsed().as_secs_f64(), &[]))
        .build();
    let _ = meter()
        .u64_observable_counter(DROPPED.name)
        .with_unit(DROPPED.unit)
        .with_description(DROPPED.says)
        .with_callback(move |observer| observer.observe(dropped.count(), &[]))
        .build();
}

/// Bytes of memory that are the process's own just now.
fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * KIB)
}

/// Seconds of processor time so far, of the process and of the kernel for it.
fn processor() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets, and may hold anything.
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let kernel: f64 = fields.next()?.parse().ok()?;
    Some((user + kernel) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_of_this_process() {
        assert!(resident().unwrap() > 100.0 * KIB);
        let before = processor().unwrap();
        assert!((0.0..3600.0).contains(&before), "{before}");
    }
}
