//! Partitions: what keeps the events of one situation in one line.

use serde::{Deserialize, Serialize};

use crate::SituationId;

/// How many partitions there are. Changing it re-deals every situation: drain first.
pub const PARTITIONS: u16 = 16;

/// The line in which all events of a situation travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partition(u16);

impl Partition {
    /// The partition of a situation: FNV-1a over the id's 16 bytes, modulo [`PARTITIONS`].
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
        // The high half is the better mixed one; the remainder always fits.
        Self(u16::try_from((hash >> 32) % u64::from(PARTITIONS)).unwrap_or_default())
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
        assert_eq!([of(1), of(2), of(u128::MAX)], [of(1), of(2), of(u128::MAX)]);
        assert!(Partition::all().count() == usize::from(PARTITIONS));
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
            // The shape of version 7: a slowly growing head and a random tail.
            let id = (n << 80) | (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) & 0xffff_ffff);
            counts[usize::from(Partition::of(Uuid::from_u128(id).into()).number())] += 1;
        }
        assert!(
            counts.iter().all(|count| (800..1200).contains(count)),
            "{counts:?}"
        );
    }
}
