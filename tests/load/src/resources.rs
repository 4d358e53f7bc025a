//! What processes take, as the kernel counts it (`/proc`).

use std::{fs, time::Duration};

/// The unit of the times in `/proc/PID/stat`, on every Linux of today.
const TICKS_PER_SECOND: u64 = 100;

/// Memory of a process, in megabytes of 2^20 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) now: f64,
    /// Resident at most since it started.
    pub(crate) most: f64,
}

/// The memory of a process.
pub(crate) fn memory_of(pid: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let megabytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: f64 = line
            .trim_start_matches(':')
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .ok()?;
        Some(kilobytes / 1024.0)
    };
    Some(Memory {
        now: megabytes("VmRSS")?,
        most: megabytes("VmHWM")?,
    })
}

/// Processor time of those that share the machine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Processors {
    pub(crate) program: Duration,
    pub(crate) postgres: Duration,
    pub(crate) nats: Duration,
    pub(crate) clients: Duration,
}

/// Whose processor time to count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processes {
    pub(crate) program: u32,
    pub(crate) postgres: u32,
    pub(crate) nats: u32,
}

impl Processes {
    /// What they have taken so far.
    pub(crate) fn processors(self) -> Processors {
        Processors {
            program: time_of(self.program),
            postgres: time_with_children(self.postgres),
            nats: time_of(self.nats),
            clients: time_of(std::process::id()),
        }
    }
}

impl Processors {
    /// What was taken since an earlier look, per piece of work.
    pub(crate) fn per_piece(self, earlier: Self, pieces: u64) -> String {
        let each = |now: Duration, then: Duration| {
            now.saturating_sub(then).as_micros() / u128::from(pieces.max(1))
        };
        format!(
            "CPU per signal: program {} us, PostgreSQL {} us, NATS {} us, clients {} us",
            each(self.program, earlier.program),
            each(self.postgres, earlier.postgres),
            each(self.nats, earlier.nats),
            each(self.clients, earlier.clients),
        )
    }
}

/// The fields after the name, which may hold spaces itself: state, parent, ...
fn stat_of(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn ticks(fields: &[String], which: &[usize]) -> Duration {
    let ticks: u64 = which
        .iter()
        .filter_map(|index| fields.get(*index)?.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

fn time_of(pid: u32) -> Duration {
    stat_of(pid)
        .map(|fields| ticks(&fields, &[11, 12]))
        .unwrap_or_default()
}

/// With those of its children that have ended, and those that run.
fn time_with_children(pid: u32) -> Duration {
    let own = stat_of(pid)
        .map(|fields| ticks(&fields, &[11, 12, 13, 14]))
        .unwrap_or_default();
    let parent = pid.to_string();
    let running = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(stat_of)
        .filter(|fields| fields.get(1) == Some(&parent))
        .map(|fields| ticks(&fields, &[11, 12]))
        .sum::<Duration>();
    own + running
}

/// What all processors of this machine did since it started, in ticks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HostTime {
    busy: u64,
    /// Somebody wanted to run, and the host of this virtual machine let others run ("steal").
    withheld: u64,
}

impl HostTime {
    pub(crate) fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = stat.lines().next().unwrap_or_default();
        let ticks: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .filter_map(|field| field.parse().ok())
            .collect();
        // user nice system idle iowait irq softirq steal
        let sum = |which: &[usize]| which.iter().filter_map(|index| ticks.get(*index)).sum();
        Self {
            busy: sum(&[0, 1, 2, 5, 6]),
            withheld: sum(&[7]),
        }
    }

    /// The share of the processor time that was wanted since an earlier look, and not given.
    pub(crate) fn withheld_since(self, earlier: Self) -> f64 {
        let withheld = self.withheld.saturating_sub(earlier.withheld);
        let wanted = self.busy.saturating_sub(earlier.busy) + withheld;
        #[expect(clippy::cast_precision_loss, reason = "at most hours of ticks")]
        let share = withheld as f64 / wanted.max(1) as f64;
        share
    }
}

/// What it is measured on: processors and how busy they were before.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "an unnamed processor".to_owned());
    format!("{cores} cores of {model}, load before the run {}", busy())
}

/// The load average of the last minute.
pub(crate) fn busy() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace()
        .next()
        .unwrap_or("unknown")
        .to_owned()
}
