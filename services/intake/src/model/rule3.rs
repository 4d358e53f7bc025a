//! Rule 3 as a property: over whatever is said, joined, merged, split, withdrawn and accepted, no
//! organisation learns who it is about but one that accepted, while the carer's word or a vital interest
//! allows it. What allows it is told here a second time, by looking back at all that was said.

use jiff::Timestamp;
use knipperlicht_vocabulary::Consent::{self, Given, NotAsked, Refused, VitalInterest, Withdrawn};
use proptest::prelude::*;

use super::{
    ConsentMove, Held, Standing, Word, change_consent, joined_consent, may_learn, merged_consent,
    split_consents,
};

const ORGANISATIONS: usize = 3;

/// What happens to one of two situations, or to both.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// A reporter, or the carer, records a word.
    Record(usize, Consent),
    /// A signal joins that was flagged so many moments ago.
    Join(usize, Consent, u8),
    Merge,
    Split,
    Accept(usize, usize),
}

fn deeds() -> impl Strategy<Value = Deed> {
    let consents = || prop::sample::select(Consent::ALL.to_vec());
    prop_oneof![
        4 => (0..2_usize, consents()).prop_map(|(side, consent)| Deed::Record(side, consent)),
        3 => (0..2_usize, consents(), 0..6_u8).prop_map(|(side, consent, ago)| Deed::Join(side, consent, ago)),
        2 => Just(Deed::Merge),
        2 => Just(Deed::Split),
        2 => (0..2_usize, 0..ORGANISATIONS).prop_map(|(side, one)| Deed::Accept(side, one)),
    ]
}

/// Two situations as intake keeps them: the first survives a merge.
struct Kept {
    held: [Held; 2],
    since: [i64; 2],
    merged: Option<Standing>,
    accepted: [[bool; ORGANISATIONS]; 2],
    now: i64,
}

impl Kept {
    fn place(&self, side: usize) -> usize {
        if self.merged.is_some() { 0 } else { side }
    }

    fn set(&mut self, place: usize, consent: Consent) {
        let sequence = self.held[place].sequence + 1;
        if self.held[place].consent != consent {
            self.since[place] = self.now;
        }
        self.held[place] = Held { consent, sequence };
    }

    fn learns(&self, side: usize, organisation: usize) -> bool {
        let place = self.place(side);
        let has_accepted = match self.merged {
            Some(_) => self.accepted.iter().any(|side| side[organisation]),
            None => self.accepted[side][organisation],
        };
        may_learn(has_accepted, self.held[place].consent)
    }

    fn merge(&mut self) {
        if self.merged.is_some() {
            return;
        }
        let [first, later] = self.held;
        let sequence = first.sequence.max(later.sequence) + 1;
        self.merged = Some(Standing {
            absorbed: later.consent,
            survivor: first.consent,
            merged_sequence: sequence,
        });
        self.set(0, merged_consent(first.consent, later.consent));
        self.held[0].sequence = sequence;
    }

    fn split(&mut self) {
        let Some(before) = self.merged.take() else {
            return;
        };
        let (absorbed, survivor) = split_consents(before, self.held[0]);
        self.set(1, absorbed);
        self.set(0, survivor);
        let sequence = self.held[0].sequence.max(self.held[1].sequence) + 1;
        self.held[0].sequence = sequence;
        self.held[1].sequence = sequence;
    }
}

/// The same by looking back: the words that counted, by whom they were about.
#[derive(Default)]
struct LookedBack {
    own: [Vec<Consent>; 2],
    of_both: Vec<Consent>,
    merged: bool,
}

impl LookedBack {
    fn last(&self, side: usize) -> Consent {
        self.own[side].last().copied().unwrap_or(NotAsked)
    }

    fn hear(&mut self, side: usize, word: Consent) {
        if self.merged {
            self.of_both.push(word);
        } else {
            self.own[side].push(word);
        }
    }

    fn allows(&self, side: usize) -> bool {
        if !self.merged {
            return matches!(self.last(side), Given | VitalInterest);
        }
        if let Some(last) = self.of_both.last() {
            return matches!(last, Given | VitalInterest);
        }
        let both = [self.last(0), self.last(1)];
        both.contains(&VitalInterest)
            || (both.contains(&Given) && !both.contains(&Refused) && !both.contains(&Withdrawn))
    }

    /// What was said of both stays said of each.
    fn split(&mut self) {
        self.merged = false;
        let said = std::mem::take(&mut self.of_both);
        for own in &mut self.own {
            own.extend(&said);
        }
    }
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nobody_learns_who_it_is_without_a_yes(
        first in prop::sample::select(vec![Given, NotAsked, Refused, VitalInterest]),
        later in prop::sample::select(vec![Given, NotAsked, Refused, VitalInterest]),
        deeds in prop::collection::vec(deeds(), 1..40),
    ) {
        let begun = |consent| Held { consent, sequence: 1 };
        let mut kept = Kept {
            held: [begun(first), begun(later)],
            since: [100; 2],
            merged: None,
            accepted: Default::default(),
            now: 100,
        };
        let mut back = LookedBack::default();
        back.hear(0, first);
        back.hear(1, later);
        for deed in deeds {
            kept.now += 1;
            match deed {
                Deed::Record(side, consent) => {
                    let place = kept.place(side);
                    let reason = if consent == VitalInterest { "why" } else { "" };
                    if let Ok(ConsentMove::To(consent)) =
                        change_consent(kept.held[place].consent, consent, reason)
                    {
                        kept.set(place, consent);
                        back.hear(side, consent);
                    }
                }
                Deed::Join(side, consent, ago) => {
                    let place = kept.place(side);
                    let (now, held) = (kept.now, kept.held[place].consent);
                    let at = now - i64::from(ago);
                    let holds = Word { consent: held, at: moment(kept.since[place]) };
                    let said = Word { consent, at: moment(at) };
                    if let Some(word) = joined_consent(holds, said) {
                        let is_yes = word.allows_sharing();
                        let undoes_a_no = is_yes && matches!(held, Refused | Withdrawn);
                        prop_assert!(!undoes_a_no || at >= kept.since[place]);
                        prop_assert!(word != NotAsked);
                        kept.set(place, word);
                        back.hear(side, word);
                    }
                }
                Deed::Merge => {
                    kept.merge();
                    back.merged = true;
                }
                Deed::Split => {
                    kept.split();
                    back.split();
                }
                Deed::Accept(side, organisation) => kept.accepted[side][organisation] = true,
            }
            for side in 0..2 {
                for organisation in 0..ORGANISATIONS {
                    let has_accepted = kept.accepted[side][organisation]
                        || (back.merged && kept.accepted[1 - side][organisation]);
                    prop_assert_eq!(
                        kept.learns(side, organisation),
                        has_accepted && back.allows(side),
                    );
                }
            }
        }
    }
}
