//! What a run showed.

use std::{collections::BTreeMap, fmt};

use jiff::SignedDuration;
use serde::Serialize;

use crate::{
    attack::Happened,
    books::Books,
    drain::Drained,
    load::Promises,
    mishap::Kind,
    proof::{Fault, Finding, Findings},
    stall::Stall,
};

/// Findings that are shown at most, of each sort: what is rare says more.
const SHOWN: usize = 10;

/// What a run showed.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The seed: the same gives the same mishaps.
    pub seed: u64,
    /// How long it took, all in all.
    pub seconds: f64,
    /// How long the load lasted.
    pub load_seconds: f64,
    /// What was asked of the line.
    pub asked: Asked,
    /// What it came to.
    pub came_to: CameTo,
    /// What went wrong on purpose: by sort, and by where.
    pub mishaps: Vec<MishapReport>,
    /// What could not be let go wrong here.
    pub impossible: Vec<&'static str>,
    /// Processes that ended without being killed.
    pub fallen: Vec<String>,
    /// Things lost.
    pub lost: usize,
    /// Things doubled.
    pub doubled: usize,
    /// Things out of order.
    pub out_of_order: usize,
    /// Things parked.
    pub parked: usize,
    /// What exactly: the first ones.
    pub findings: Vec<Finding>,
}

/// What was asked of the line.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// Signals that were sent.
    pub sent: u64,
    /// Of these, acknowledged.
    pub acknowledged: usize,
    /// Of these, never answered: the line did not come back.
    pub unanswered: u64,
    /// Calls made again for want of an answer: how often for which reason.
    pub retries: BTreeMap<String, u64>,
    /// Signals sent again though they had been acknowledged, or twice at once.
    pub repeated: u64,
    /// Decisions of partners that were answered.
    pub decisions: usize,
    /// Contacts of carers that desks were given.
    pub looked_at: usize,
    /// Follow-ups that were completed.
    pub completed: usize,
}

impl From<&Promises> for Asked {
    fn from(promises: &Promises) -> Self {
        Self {
            sent: promises.sent,
            acknowledged: promises.receipts.len(),
            unanswered: promises.unanswered(),
            retries: promises.retries.clone(),
            repeated: promises.repeated,
            decisions: promises.decisions.len(),
            looked_at: promises.looked_at.len(),
            completed: promises.completed.len(),
        }
    }
}

/// What it came to.
#[derive(Debug, Clone, Serialize)]
pub struct CameTo {
    /// Referrals made.
    pub referrals: usize,
    /// Events said.
    pub events: i64,
    /// Rows of the audit logs, of which each follows from the one before.
    pub audited: i64,
    /// Whether everything was heard in time after the load.
    pub drained: bool,
    /// How long that took.
    pub drain_seconds: f64,
    /// What was still under way then.
    pub left: Vec<String>,
}

impl CameTo {
    /// As the books hold it, once they were quiet.
    #[must_use]
    pub(crate) fn of(books: &Books, drained: Drained) -> Self {
        Self {
            referrals: books.referrals.len(),
            events: drained.said,
            audited: books.audit.iter().map(|log| log.rows).sum(),
            drained: drained.dry,
            drain_seconds: drained.took.as_secs_f64(),
            left: drained.left,
        }
    }
}

impl Report {
    /// Notes what the proof found.
    #[must_use]
    pub fn with(self, findings: &Findings) -> Self {
        Self {
            lost: findings.count(Fault::Lost),
            doubled: findings.count(Fault::Doubled),
            out_of_order: findings.count(Fault::OutOfOrder),
            parked: findings.count(Fault::Parked),
            findings: first_of_each(findings),
            ..self
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.came_to.drained
            && self.asked.unanswered == 0
            && self.fallen.is_empty()
            && self.lost + self.doubled + self.out_of_order + self.parked == 0
    }

    /// Mishaps, all in all.
    #[must_use]
    pub fn times(&self) -> usize {
        self.mishaps.iter().map(|one| one.times).sum()
    }
}

fn first_of_each(findings: &Findings) -> Vec<Finding> {
    let of = |fault: Fault| {
        let of_it = findings.all().iter();
        of_it.filter(move |found| found.fault == fault).take(SHOWN)
    };
    Fault::ALL.into_iter().flat_map(of).cloned().collect()
}

/// One sort of mishap at one sort of place.
#[derive(Debug, Clone, Serialize)]
pub struct MishapReport {
    /// What.
    pub kind: Kind,
    /// Where.
    pub place: String,
    /// How often.
    pub times: usize,
    /// How long it lasted, which was our choice; a killed server until it answered, which was not.
    pub lasted: Spread,
    /// The longest time in which no reporter got a receipt.
    pub receipt: Spread,
    /// The longest time in which no signal reached an inbox.
    pub inbox: Spread,
}

/// By sort, and by where.
pub(crate) fn by_place(happened: &[Happened], stalls: &[Stall]) -> Vec<MishapReport> {
    let mut groups: BTreeMap<(Kind, String), Vec<(&Happened, &Stall)>> = BTreeMap::new();
    for (one, stall) in happened.iter().zip(stalls) {
        let key = (one.mishap.kind, one.mishap.place.group());
        groups.entry(key).or_default().push((one, stall));
    }
    groups
        .into_iter()
        .map(|((kind, place), ones)| MishapReport {
            kind,
            place,
            times: ones.len(),
            lasted: Spread::of(
                ones.iter()
                    .map(|(one, _)| one.over_at.duration_since(one.at)),
            ),
            receipt: Spread::of(ones.iter().map(|(_, stall)| stall.receipt)),
            inbox: Spread::of(ones.iter().map(|(_, stall)| stall.inbox)),
        })
        .collect()
}

/// How long something took, of several times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The middle one, in milliseconds.
    pub median_ms: i64,
    /// The longest, in milliseconds.
    pub worst_ms: i64,
}

impl Spread {
    /// Of these.
    #[must_use]
    pub fn of(durations: impl Iterator<Item = SignedDuration>) -> Self {
        let mut millis: Vec<i64> = durations
            .map(|duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
            .collect();
        millis.sort_unstable();
        Self {
            median_ms: millis.get(millis.len() / 2).copied().unwrap_or_default(),
            worst_ms: millis.last().copied().unwrap_or_default(),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of a run")]
        let seconds = |millis: i64| millis as f64 / 1_000.0;
        let (median, worst) = (seconds(self.median_ms), seconds(self.worst_ms));
        write!(f, "{median:>6.2} {worst:>6.2}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.times();
        writeln!(f, "seconds, median and worst, of {total} mishaps")?;
        writeln!(
            f,
            "{:<12} {:<22} {:>5}  {:>13}  {:>13}  {:>13}",
            "what", "where", "times", "lasted", "no receipt", "no inbox"
        )?;
        for one in &self.mishaps {
            let kind = one.kind.name();
            writeln!(
                f,
                "{kind:<12} {:<22} {:>5}  {}  {}  {}",
                one.place, one.times, one.lasted, one.receipt, one.inbox
            )?;
        }
        for kind in &self.impossible {
            writeln!(f, "{kind:<12} SKIPPED: cannot be done on this machine")?;
        }
        writeln!(f)?;
        self.asked.fmt(f)?;
        self.came_to.fmt(f)?;
        for fallen in &self.fallen {
            writeln!(f, "fallen        {fallen} ended by itself")?;
        }
        writeln!(
            f,
            "time          {:.1} s, of which load {:.1} s; seed {}",
            self.seconds, self.load_seconds, self.seed
        )?;
        writeln!(f)?;
        writeln!(
            f,
            "lost {}   doubled {}   out of order {}   parked {}",
            self.lost, self.doubled, self.out_of_order, self.parked
        )?;
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "signals       {} sent, {} acknowledged, {} unanswered, {} calls made again, {} sent again on purpose",
            self.sent,
            self.acknowledged,
            self.unanswered,
            self.retries.values().sum::<u64>(),
            self.repeated
        )?;
        for (why, times) in &self.retries {
            writeln!(f, "              {times:>6} made again: {why}")?;
        }
        writeln!(
            f,
            "partners      {} decisions, {} contacts read, {} follow-ups completed",
            self.decisions, self.looked_at, self.completed
        )
    }
}

impl fmt::Display for CameTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dry = if self.drained {
            "everything heard"
        } else {
            "NOT everything heard"
        };
        writeln!(
            f,
            "events        {} said, {dry} {:.1} s after the load; {} referrals, {} rows of audit logs",
            self.events, self.drain_seconds, self.referrals, self.audited
        )?;
        for left in &self.left {
            writeln!(f, "              {left}")?;
        }
        Ok(())
    }
}
