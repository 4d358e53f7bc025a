//! Situations that become one, and two again.

use jiff::Timestamp;
use knipperlicht_vocabulary::{Consent, SituationId, Step};

use super::TakenStep;

/// Two situations that are one, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The one that was opened first: it goes on.
    pub survivor: SituationId,
    /// The other one, which becomes part of it.
    pub absorbed: SituationId,
}

impl Pair {
    /// Of two situations and when each was opened, in whatever order; of one moment, the lower id.
    #[must_use]
    pub fn of(
        one: (Option<Timestamp>, SituationId),
        other: (Option<Timestamp>, SituationId),
    ) -> Self {
        let (first, later) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        Self {
            survivor: first.1,
            absorbed: later.1,
        }
    }
}

/// What was said of consent, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// What.
    pub consent: Consent,
    /// When.
    pub at: Timestamp,
}

/// What a signal that joins a situation changes of its consent: the latest word holds, as if its
/// reporter had recorded it there; not having asked is no word.
///
/// A signal may come late, from a phone that was without network: what it says is as old as the
/// signal. A yes of before a no does not undo it; a no of before a yes counts all the same, for the
/// clock of a phone may be wrong, and then somebody asks again. Own default.
#[must_use]
pub fn joined_consent(held: Word, said: Word) -> Option<Consent> {
    let is_word = said.consent != Consent::NotAsked && said.consent != held.consent;
    let undoes = held.consent.forbids_sharing() && !said.consent.forbids_sharing();
    let comes_too_late = undoes && said.at < held.at;
    (is_word && !comes_too_late).then_some(said.consent)
}

/// What holds for two situations that turn out to be one. Nobody can say which word came last, so
/// the more careful one holds: a refusal outweighs an agreement, and a vital interest, which has
/// its own reason, outweighs both. Own default, not validated.
#[must_use]
pub fn merged_consent(one: Consent, other: Consent) -> Consent {
    const fn weight(consent: Consent) -> u8 {
        match consent {
            Consent::NotAsked => 0,
            Consent::Given => 1,
            Consent::Refused => 2,
            Consent::Withdrawn => 3,
            Consent::VitalInterest => 4,
        }
    }
    if weight(other) > weight(one) {
        other
    } else {
        one
    }
}

/// A consent and its place among all that was said of a situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// What holds.
    pub consent: Consent,
    /// Its place.
    pub sequence: i64,
}

/// What a merge changed, kept so that it can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What held for the situation that was absorbed.
    pub absorbed: Consent,
    /// What held for the one that survived.
    pub survivor: Consent,
    /// The number that the merge gave to what held from then on.
    pub merged_sequence: i64,
}

/// What holds for the absorbed situation and for the survivor once they are two again: what held
/// before, unless the carer's word changed since; that word was about both.
#[must_use]
pub fn split_consents(before: Standing, now: Held) -> (Consent, Consent) {
    if now.sequence == before.merged_sequence {
        (before.absorbed, before.survivor)
    } else {
        (now.consent, now.consent)
    }
}

/// Whether the cared-for person of the absorbed situation and that of the survivor object once they are
/// two again: as before, unless anybody's word changed since; that was about both.
#[must_use]
pub const fn split_objections(
    (absorbed, survivor): (bool, bool),
    merged_sequence: i64,
    (now, sequence): (bool, i64),
) -> (bool, bool) {
    if sequence == merged_sequence {
        (absorbed, survivor)
    } else {
        (now, now)
    }
}

/// How a question whether two situations are one was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// Not yet.
    Open,
    /// They are one.
    Merged,
    /// They are two.
    KeptApart,
    /// They were made one, and two again.
    Split,
}

impl Answered {
    const ALL: [Self; 4] = [Self::Open, Self::Merged, Self::KeptApart, Self::Split];

    /// Its name in storage.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::KeptApart => "kept_apart",
            Self::Split => "split",
        }
    }

    /// The answer of this name.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|answered| answered.code() == code)
    }
}

/// What a coordinator wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// They are one.
    Merge,
    /// They are two.
    KeepApart,
    /// They were made one, and are two again.
    Split,
}

/// What there is to do for it; nothing where it was done before. A coordinator may come back on
/// having kept two apart; a merge is undone by a split and nothing else.
pub fn answer(
    answered: Answered,
    resolution: Resolution,
) -> Result<Option<Resolution>, MergeRefusal> {
    match (answered, resolution) {
        (Answered::Merged, Resolution::Merge)
        | (Answered::KeptApart, Resolution::KeepApart)
        | (Answered::Split, Resolution::Split) => Ok(None),
        (Answered::Merged, Resolution::KeepApart) => Err(MergeRefusal::Merged),
        (Answered::Open | Answered::KeptApart, Resolution::Split) => Err(MergeRefusal::NotMerged),
        (_, resolution) => Ok(Some(resolution)),
    }
}

/// Why two situations cannot become one, or two again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MergeRefusal {
    /// Somebody relied on it.
    #[error(
        "a partner accepted, or contact was made, since they were merged: they can no longer be split"
    )]
    ActedOn,
    /// It has become part of a third.
    #[error("situation {0} was merged into another one since: split that first")]
    MergedOn(SituationId),
    /// They are one.
    #[error("these situations were merged: split them first, then they are kept apart")]
    Merged,
    /// They never were one.
    #[error("these situations were not merged: there is nothing to split")]
    NotMerged,
}

/// A merge can be undone until a partner accepted or contact was made since.
pub fn may_split(steps: &[TakenStep], merged_at: Timestamp) -> Result<(), MergeRefusal> {
    let acted_on = steps.iter().any(|taken| {
        taken.at >= merged_at && matches!(taken.step, Step::Accepted | Step::Contacted)
    });
    if acted_on {
        Err(MergeRefusal::ActedOn)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn consents() -> impl Strategy<Value = Consent> {
        prop::sample::select(Consent::ALL.to_vec())
    }

    #[test]
    fn the_latest_word_joins_and_silence_is_no_word() {
        use Consent::{Given, NotAsked, Refused, VitalInterest, Withdrawn};
        let word = |consent, second| Word {
            consent,
            at: Timestamp::from_second(second).unwrap(),
        };
        let later = |held, said| joined_consent(word(held, 1), word(said, 2));
        assert_eq!(later(Given, NotAsked), None);
        assert_eq!(later(NotAsked, Given), Some(Given));
        assert_eq!(later(Given, Refused), Some(Refused));
        assert_eq!(later(Withdrawn, Given), Some(Given));
        assert_eq!(later(Given, Given), None);

        let earlier = |held, said| joined_consent(word(held, 2), word(said, 1));
        for no in [Refused, Withdrawn] {
            assert_eq!(earlier(no, Given), None, "a yes of before the no");
            assert_eq!(earlier(no, VitalInterest), None);
        }
        assert_eq!(earlier(Given, Refused), Some(Refused), "asked again");
        assert_eq!(earlier(NotAsked, Given), Some(Given));
    }

    #[test]
    fn the_one_that_was_opened_first_goes_on_however_they_are_named() {
        let situation = |id: u128, second: i64| {
            let opened = Timestamp::from_second(second).unwrap();
            (Some(opened), SituationId::from(uuid::Uuid::from_u128(id)))
        };
        let (first, later) = (situation(2, 10), situation(1, 20));
        assert_eq!(Pair::of(first, later), Pair::of(later, first));
        assert_eq!(Pair::of(later, first).survivor, first.1);
        let same_moment = situation(3, 10);
        assert_eq!(Pair::of(same_moment, first).survivor, first.1);
    }

    #[test]
    fn an_answer_is_given_once() {
        use Resolution::{KeepApart, Merge, Split};
        assert_eq!(answer(Answered::Open, Merge), Ok(Some(Merge)));
        assert_eq!(answer(Answered::Merged, Merge), Ok(None));
        assert_eq!(answer(Answered::Merged, Split), Ok(Some(Split)));
        assert_eq!(answer(Answered::Split, Merge), Ok(Some(Merge)));
        assert_eq!(answer(Answered::KeptApart, Merge), Ok(Some(Merge)));
        assert_eq!(
            answer(Answered::Merged, KeepApart),
            Err(MergeRefusal::Merged)
        );
        assert_eq!(answer(Answered::Open, Split), Err(MergeRefusal::NotMerged));
        for answered in Answered::ALL {
            assert_eq!(Answered::named(answered.code()), Some(answered));
        }
    }

    #[test]
    fn the_more_careful_word_survives_a_merge() {
        use Consent::{Given, NotAsked, Refused, VitalInterest, Withdrawn};
        assert_eq!(merged_consent(Given, NotAsked), Given);
        assert_eq!(merged_consent(Given, Refused), Refused);
        assert_eq!(merged_consent(Withdrawn, Given), Withdrawn);
        assert_eq!(merged_consent(Refused, VitalInterest), VitalInterest);
    }

    #[test]
    fn a_merge_can_be_undone_until_somebody_acted_on_it() {
        let merged_at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let step = |step, at: &str| TakenStep {
            step,
            at: at.parse().unwrap(),
            outcome: None,
        };
        let before = step(Step::Accepted, "2026-11-21T11:59:59Z");
        let asked = step(Step::Referred, "2026-11-21T12:30:00Z");
        assert_eq!(may_split(&[before, asked], merged_at), Ok(()));
        for acted in [Step::Accepted, Step::Contacted] {
            let acted = step(acted, "2026-11-21T12:00:01Z");
            assert_eq!(
                may_split(&[before, acted], merged_at),
                Err(MergeRefusal::ActedOn)
            );
        }
    }

    proptest! {
        #[test]
        fn a_merge_asks_no_order_and_a_split_restores(one in consents(), other in consents(), word in consents()) {
            let merged = merged_consent(one, other);
            prop_assert_eq!(merged, merged_consent(other, one));
            prop_assert!(merged == one || merged == other);
            let before = Standing { absorbed: other, survivor: one, merged_sequence: 7 };
            let untouched = Held { consent: merged, sequence: 7 };
            prop_assert_eq!(split_consents(before, untouched), (other, one));
            let later = Held { consent: word, sequence: 8 };
            prop_assert_eq!(split_consents(before, later), (word, word));
        }
    }
}
