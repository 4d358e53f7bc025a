//! Sets of needs. There are twelve, so a set is one number and covering is one instruction.

use knipperlicht_vocabulary::Need;

/// A set of needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NeedSet(u32);

impl NeedSet {
    /// Whether it holds this need.
    #[must_use]
    pub const fn contains(self, need: Need) -> bool {
        self.0 & bit(need) != 0
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many it holds.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// What both hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What either holds.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What only this one holds.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Its needs, in the order of the list of codes.
    pub fn iter(self) -> impl Iterator<Item = Need> {
        Need::ALL
            .iter()
            .copied()
            .filter(move |need| self.contains(*need))
    }

    /// Those of `needs` that it holds, once each, in their order: the most pressing stays first.
    #[must_use]
    pub fn pick(self, needs: &[Need]) -> Vec<Need> {
        let mut left = self;
        let take = |need: &Need| {
            let held = left.contains(*need);
            left = left.without(Self(bit(*need)));
            held
        };
        let mut needs = needs.to_vec();
        needs.retain(take);
        needs
    }
}

const fn bit(need: Need) -> u32 {
    1 << need.number()
}

impl FromIterator<Need> for NeedSet {
    fn from_iter<I: IntoIterator<Item = Need>>(needs: I) -> Self {
        Self(needs.into_iter().fold(0, |set, need| set | bit(need)))
    }
}

impl From<&[Need]> for NeedSet {
    fn from(needs: &[Need]) -> Self {
        needs.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_in_the_order_given_and_once() {
        let set: NeedSet = [Need::Safety, Need::Information].into_iter().collect();
        let needs = [Need::Safety, Need::Respite, Need::Information, Need::Safety];
        assert_eq!(set.pick(&needs), [Need::Safety, Need::Information]);
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Need::Information, Need::Safety]
        );
    }

    #[test]
    fn every_need_has_its_own_place() {
        let all: NeedSet = Need::ALL.iter().copied().collect();
        assert_eq!(usize::try_from(all.len()), Ok(Need::ALL.len()));
    }
}
