//! A constant arrival, several times: the middle round counts, and what the others showed is said
//! beside it, with how long a disk stood still meanwhile.

use std::time::Duration;

/// One round.
pub(super) struct Round<R> {
    /// Its figure, in milliseconds at the quantile that is promised.
    pub(super) ms: f64,
    /// The longest that a disk stood still.
    pub(super) stalled: Duration,
    /// What else was seen.
    pub(super) seen: R,
}

/// The middle round, and what is to be said of all of them. Of an even number the worse of the two in
/// the middle.
pub(super) fn middle<R>(mut rounds: Vec<Round<R>>) -> Option<(Round<R>, String)> {
    let of_all = rounds
        .iter()
        .map(|round| format!("{:.1} ({})", round.ms, round.stalled.as_millis()))
        .collect::<Vec<_>>()
        .join(", ");
    let told = format!("rounds, in brackets how long a disk stood still: {of_all} ms");
    rounds.sort_by(|one, other| one.ms.total_cmp(&other.ms));
    let place = rounds.len() / 2;
    (place < rounds.len()).then(|| (rounds.swap_remove(place), told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_round_counts_and_all_are_told() {
        let round = |ms: f64, stalled: u64| Round {
            ms,
            stalled: Duration::from_millis(stalled),
            seen: ms,
        };
        let (counts, told) = middle(vec![round(9.5, 2), round(96.5, 235), round(8.0, 1)]).unwrap();
        assert!((counts.seen - 9.5).abs() < f64::EPSILON);
        assert_eq!(
            told,
            "rounds, in brackets how long a disk stood still: 9.5 (2), 96.5 (235), 8.0 (1) ms"
        );
        assert!(middle::<f64>(Vec::new()).is_none());
    }
}
