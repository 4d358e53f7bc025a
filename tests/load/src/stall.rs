//! Whether a disk stood still. A disk that is lent by a host keeps a write waiting now and then, for
//! tens or hundreds of milliseconds, whatever was asked of it; every commit of that moment waits
//! with it. What is measured then is the host.

use std::{
    collections::HashMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How often to look.
const EVERY: Duration = Duration::from_millis(10);

/// Looks at the disks until it is asked.
pub(crate) struct Watch {
    is_over: Arc<AtomicBool>,
    looking: JoinHandle<Duration>,
}

impl Watch {
    /// From now on.
    pub(crate) fn begin() -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let looking = thread::spawn(move || {
            let mut disks = Disks::default();
            while !over.load(Relaxed) {
                let text = fs::read_to_string("/proc/diskstats").unwrap_or_default();
                disks.look(&text, Instant::now());
                thread::sleep(EVERY);
            }
            disks.longest
        });
        Self { is_over, looking }
    }

    /// The longest time for which a disk had work and finished none of it.
    pub(crate) fn longest(self) -> Duration {
        self.is_over.store(true, Relaxed);
        self.looking.join().unwrap_or_default()
    }
}

#[derive(Default)]
struct Disks {
    /// What each had finished, and since when it has not finished more.
    finished: HashMap<String, (u64, Instant)>,
    longest: Duration,
}

impl Disks {
    /// Takes what the kernel says of every disk (`Documentation/admin-guide/iostats.rst`).
    fn look(&mut self, diskstats: &str, now: Instant) {
        for line in diskstats.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let count = |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok());
            let (Some(name), Some(reads), Some(writes), Some(under_way)) =
                (fields.get(2), count(3), count(7), count(11))
            else {
                continue;
            };
            let finished = reads + writes + count(17).unwrap_or_default();
            let seen = self
                .finished
                .entry((*name).to_owned())
                .or_insert((finished, now));
            if under_way == 0 || seen.0 != finished {
                *seen = (finished, now);
            }
            self.longest = self.longest.max(now.duration_since(seen.1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_stands_still_while_it_has_work_and_finishes_none() {
        let start = Instant::now();
        let mut disks = Disks::default();
        let mut after = |millis: u64, writes: u64, under_way: u64| {
            let line = format!(" 254 0 vda 7 0 0 0 {writes} 0 0 0 {under_way} 0 0 0 0 0 0 5 0 0\n");
            disks.look(&line, start + Duration::from_millis(millis));
            disks.longest
        };
        assert_eq!(after(0, 10, 0), Duration::ZERO);
        // Nothing to do is no standstill.
        assert_eq!(after(500, 10, 0), Duration::ZERO);
        assert_eq!(after(510, 10, 2), Duration::from_millis(10));
        assert_eq!(after(700, 10, 2), Duration::from_millis(200));
        assert_eq!(after(710, 12, 2), Duration::from_millis(200));
        assert_eq!(after(800, 13, 0), Duration::from_millis(200));
    }
}
