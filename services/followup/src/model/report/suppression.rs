//! Suppression of small cells, as statistical offices do it: the *threshold rule* hides every cell
//! under ten (*primary suppression*), and *complementary* (or *secondary*) *suppression* hides
//! what else is needed so that none of those can be computed from the rest.
//!
//! Who reads a table knows every cell that is shown, the totals, and this rule to the letter. For
//! each cell that was hidden for being small, all of 0 to 9 must remain possible. Cells are not told
//! apart by why they are hidden. `tests.rs` tries.

/// Below this a cell is hidden (DESIGN, section 6: "an analyst only aggregates of at least 10").
pub const THRESHOLD: u64 = 10;

/// The most that a cell hidden for being small can be.
const SMALL: u64 = THRESHOLD - 1;

/// A count, as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// As it is.
    Shown(u64),
    /// Under ten, or it would give away one that is.
    Hidden,
}

impl Cell {
    /// The count, where it is shown.
    #[must_use]
    pub const fn shown(self) -> Option<u64> {
        match self {
            Self::Shown(count) => Some(count),
            Self::Hidden => None,
        }
    }
}

/// The threshold rule alone: for a cell that is part of no sum.
#[must_use]
pub const fn primary(count: u64) -> Cell {
    if count < THRESHOLD {
        Cell::Hidden
    } else {
        Cell::Shown(count)
    }
}

/// A total, and the ways in which it was divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divided {
    /// The sum of each division's parts.
    pub total: Cell,
    /// The parts, a division after the other.
    pub divisions: Vec<Vec<Cell>>,
}

/// What may be shown of a total that is divided in one or several ways, each of which adds up to it.
/// Where no complement can be found, the total goes with all its parts.
#[must_use]
pub fn parts_of(total: u64, divisions: &[Vec<u64>]) -> Divided {
    let divided: Option<Vec<Vec<Cell>>> =
        divisions.iter().map(|parts| complemented(parts)).collect();
    match divided {
        Some(divisions) if total >= THRESHOLD => Divided {
            total: Cell::Shown(total),
            divisions,
        },
        _ => Divided {
            total: Cell::Hidden,
            divisions: divisions
                .iter()
                .map(|parts| vec![Cell::Hidden; parts.len()])
                .collect(),
        },
    }
}

/// The parts of a total that is shown; nothing if that cannot be.
///
/// What the hidden ones add up to is known: the total less what is shown.
/// - If all hidden ones are small and there are enough of them, that gives none of them away: each
///   can be 0, and each can be 9.
/// - Else one more is hidden. Which one does not depend on the small ones, or it would tell of
///   them: it is the last of the list that is not small. It is known to be at least 10, so the small
///   ones are free from 0 to 9 if all together are at least 19, which everybody can see.
fn complemented(parts: &[u64]) -> Option<Vec<Cell>> {
    let mut cells: Vec<Cell> = parts.iter().copied().map(primary).collect();
    let small: Vec<u64> = parts
        .iter()
        .copied()
        .filter(|part| *part < THRESHOLD)
        .collect();
    let sum: u64 = small.iter().sum();
    let others = u64::try_from(small.len())
        .unwrap_or(u64::MAX)
        .saturating_sub(1);
    if small.is_empty() || (THRESHOLD..=SMALL * others).contains(&sum) {
        return Some(cells);
    }
    let complement = parts.iter().rposition(|part| *part >= THRESHOLD)?;
    if parts[complement] + sum < THRESHOLD + SMALL {
        return None;
    }
    cells[complement] = Cell::Hidden;
    Some(cells)
}

/// What may be shown of counts of which one thing can have several, while everything has at least
/// one of them: they add up to how many things there are, or more. Where hardly anything has two,
/// that would bound the small ones from below. So wherever one is small, the last of the list that
/// is not is hidden as well: it may be as large as all things, and then the others are free.
#[must_use]
pub fn overlapping(counts: &[u64]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = counts.iter().copied().map(primary).collect();
    if cells.contains(&Cell::Hidden)
        && let Some(last) = counts.iter().rposition(|count| *count >= THRESHOLD)
    {
        cells[last] = Cell::Hidden;
    }
    cells
}
