//! Partitions: what keeps the events of one situation in one line.

use serde::{Deserialize, Serialize};

use crate::SituationId;

/// How many partitions there are. Changing it re-deals every situation: drain first.
pub const PARTITIONS: u16 = 16;

/// The line in which all events of a situation travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partition(u16);

impl Partition {
    /// The partition of a situation: FNV-1a (64 bits) over the id's 16 bytes, stirred once more
    /// (the first two steps of `MurmurHash3`'s finaliser, for the last bytes hardly reach the high
    /// bits), modulo [`PARTITIONS`].
    ///
    /// A fixed, published function, so that a service written in another language agrees.
    #[must_use]
    pub fn of(situation: SituationId) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let hash = situation
            .uuid()
            .as_bytes()
            .iter()
            .fold(OFFSET, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
            });
        let stirred = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mixed = stirred ^ (stirred >> 33);
        // A remainder always fits.
        Self(u16::try_from(mixed % u64::from(PARTITIONS)).unwrap_or_default())
    }

    /// Every partition, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }

    /// Its number, from 0.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The partition with this number, if there is one.
    #[must_use]
    pub fn numbered(number: i64) -> Option<Self> {
        u16::try_from(number)
            .ok()
            .filter(|number| *number < PARTITIONS)
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// Stored events carry their partition in the subject: the function may never drift.
    #[test]
    fn is_the_published_function() {
        let of = |id: u128| Partition::of(Uuid::from_u128(id).into()).number();
        assert_eq!([of(1), of(2), of(3), of(u128::MAX)], [8, 15, 3, 3]);
        assert_eq!(Partition::all().count(), usize::from(PARTITIONS));
    }

    proptest! {
        #[test]
        fn stays_in_range(id: u128) {
            let partition = Partition::of(Uuid::from_u128(id).into());
            prop_assert!(partition.number() < PARTITIONS);
            prop_assert_eq!(Partition::numbered(i64::from(partition.number())), Some(partition));
        }
    }

    #[test]
    fn spreads_evenly() {
        let mut counts = [0_u32; PARTITIONS as usize];
        for n in 0..16_000_u128 {
            // Ids that differ in their last bytes only: the worst case.
            let id = (7 << 64) | n;
            counts[usize::from(Partition::of(Uuid::from_u128(id).into()).number())] += 1;
        }
        assert!(
            counts.iter().all(|count| (800..1200).contains(count)),
            "{counts:?}"
        );
    }
}
