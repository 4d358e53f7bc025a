//! What a run showed.

use std::fmt;

use jiff::SignedDuration;
use serde::Serialize;

use crate::{
    Victim,
    proof::{Fault, Finding, Findings},
};

/// Findings that are shown at most.
const SHOWN: usize = 40;

/// What a run showed.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The seed: the same gives the same kills.
    pub seed: u64,
    /// How long it took, all in all.
    pub seconds: f64,
    /// How long the load lasted.
    pub load_seconds: f64,
    /// Signals that were sent.
    pub sent: u64,
    /// Of these, acknowledged.
    pub acknowledged: usize,
    /// Of these, never answered: the line did not come back.
    pub unanswered: u64,
    /// Calls made again for want of an answer.
    pub retries: u64,
    /// Signals sent again though they had been acknowledged, or twice at once.
    pub repeated: u64,
    /// Decisions of partners that were answered.
    pub decisions: usize,
    /// Follow-ups that were completed.
    pub completed: usize,
    /// Referrals made.
    pub referrals: usize,
    /// Events said.
    pub events: i64,
    /// Whether everything was heard in time after the load.
    pub drained: bool,
    /// How long that took.
    pub drain_seconds: f64,
    /// What was still under way then.
    pub left: Vec<String>,
    /// Who was killed, how often, and how long it took to recover.
    pub victims: Vec<VictimReport>,
    /// Services that ended without being killed.
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

impl Report {
    /// Notes what the proof found.
    #[must_use]
    pub fn with(self, findings: &Findings) -> Self {
        Self {
            lost: findings.count(Fault::Lost),
            doubled: findings.count(Fault::Doubled),
            out_of_order: findings.count(Fault::OutOfOrder),
            parked: findings.count(Fault::Parked),
            findings: findings.all().iter().take(SHOWN).cloned().collect(),
            ..self
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.drained
            && self.unanswered == 0
            && self.fallen.is_empty()
            && self.lost + self.doubled + self.out_of_order + self.parked == 0
    }
}

/// One victim.
#[derive(Debug, Clone, Serialize)]
pub struct VictimReport {
    /// Who.
    pub victim: Victim,
    /// How often it was killed.
    pub kills: usize,
    /// Until it was started again, which was our choice; servers until they answered, which was
    /// not.
    pub dead: Spread,
    /// Until a signal sent after the kill was acknowledged.
    pub acknowledged: Spread,
    /// Until a signal stored after the kill was with a partner.
    pub routed: Spread,
}

/// How long something took, of several times.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Spread {
    /// How often it was measured: not where the next kill came first.
    pub measured: usize,
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
            measured: millis.len(),
            median_ms: millis.get(millis.len() / 2).copied().unwrap_or_default(),
            worst_ms: millis.last().copied().unwrap_or_default(),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>7} {:>7} ({:>2})",
            self.median_ms, self.worst_ms, self.measured
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "median and worst in ms, of (n) kills after which nobody else was killed first"
        )?;
        writeln!(
            f,
            "victim        kills   started again        next receipt         next referral"
        )?;
        for one in &self.victims {
            writeln!(
                f,
                "{:<12} {:>6}  {}  {}  {}",
                one.victim, one.kills, one.dead, one.acknowledged, one.routed
            )?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "signals       {} sent, {} acknowledged, {} unanswered, {} calls made again, {} sent again on purpose",
            self.sent, self.acknowledged, self.unanswered, self.retries, self.repeated
        )?;
        writeln!(
            f,
            "partners      {} referrals, {} decisions, {} follow-ups completed",
            self.referrals, self.decisions, self.completed
        )?;
        let dry = if self.drained {
            "everything heard"
        } else {
            "NOT everything heard"
        };
        writeln!(
            f,
            "events        {}, {dry} {:.1} s after the load",
            self.events, self.drain_seconds
        )?;
        for left in &self.left {
            writeln!(f, "              {left}")?;
        }
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
