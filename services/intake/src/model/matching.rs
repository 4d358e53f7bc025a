//! Whether a signal is about a situation that was flagged before.
//!
//! The rule, an own default that is not validated:
//! - The same phone, mail, national number, or family name with birth year and postal code: the
//!   signal joins that situation.
//! - Not when something speaks against it: another national number, or (unless the number is the
//!   same) another name or birth year. Then it opens its own and a coordinator is asked.
//! - What points to two situations joins the one with the same national number, for that number
//!   is one person's; a coordinator is asked about the two. Without such a number it opens its own.
//! - The same name and birth year elsewhere in the zone: it opens its own, a coordinator is asked.
//! - Whoever scans a card proves nothing: such a signal joins nothing by itself, and nothing joins a
//!   situation that such signals alone speak of. A coordinator is asked.

use knipperlicht_vocabulary::{MatchReason, SituationId, ZoneId};

use super::identity::KeyKind;

/// A text that recognises somebody, hashed with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchKey {
    /// Of which kind.
    pub kind: KeyKind,
    /// The hash.
    pub hash: [u8; 32],
}

/// How the name begins of whoever scanned a card. No account has such a name.
pub const SCANNED: &str = "card:";

/// A situation with which a signal has a key in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The situation.
    pub situation: SituationId,
    /// Its zone.
    pub zone: ZoneId,
    /// All that is known of it.
    pub keys: Vec<MatchKey>,
    /// Whether it is known of one signal at least who sent it.
    pub proven: bool,
}

/// Something a coordinator is asked: whether it is one with this situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The other situation.
    pub with: SituationId,
    /// What they have in common, and what speaks against it.
    pub reasons: Vec<MatchReason>,
}

/// Where a signal belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The situation it joins; none where it opens its own.
    pub joins: Option<SituationId>,
    /// What a coordinator is asked about it, in the order of ids.
    pub questions: Vec<Question>,
}

/// Where a signal with these keys, from this zone, belongs.
#[must_use]
pub fn meet(keys: &[MatchKey], zone: &ZoneId, candidates: &[Candidate]) -> Meeting {
    let found = found(keys, zone, candidates);
    let joins = joined(&found);
    meeting(found, joins)
}

/// The same for a signal of which nobody knows who sent it: by a card that anybody may scan. It
/// always opens its own situation, and a coordinator is asked about all that it may be one with.
/// Otherwise whoever knows somebody's phone number could speak for them, or find out that they are
/// known here.
#[must_use]
pub fn meet_unproven(keys: &[MatchKey], zone: &ZoneId, candidates: &[Candidate]) -> Meeting {
    meeting(found(keys, zone, candidates), None)
}

fn found(keys: &[MatchKey], zone: &ZoneId, candidates: &[Candidate]) -> Vec<Found> {
    let mut found: Vec<Found> = candidates
        .iter()
        .filter_map(|candidate| Found::of(keys, zone, candidate))
        .collect();
    found.sort_by_key(|found| found.situation);
    found
}

fn meeting(found: Vec<Found>, joins: Option<SituationId>) -> Meeting {
    let several = found
        .iter()
        .filter(|found| found.likeness == Likeness::Same)
        .count()
        > 1;
    let questions = found
        .into_iter()
        .filter(|found| Some(found.situation) != joins)
        .map(|found| {
            let mut reasons = found.reasons;
            if several && found.likeness == Likeness::Same {
                reasons.push(MatchReason::SeveralSituations);
            }
            Question {
                with: found.situation,
                reasons,
            }
        });
    Meeting {
        joins,
        questions: questions.collect(),
    }
}

/// The one situation that nothing speaks against; of several, the one with the same number.
fn joined(found: &[Found]) -> Option<SituationId> {
    let mut same: Vec<&Found> = found
        .iter()
        .filter(|found| found.likeness == Likeness::Same)
        .collect();
    if same.len() > 1 {
        same.retain(|found| found.reasons.contains(&MatchReason::SameNationalNumber));
    }
    match same.as_slice() {
        [only] => Some(only.situation),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    Doubtful,
}

struct Found {
    situation: SituationId,
    likeness: Likeness,
    reasons: Vec<MatchReason>,
}

impl Found {
    fn of(keys: &[MatchKey], zone: &ZoneId, candidate: &Candidate) -> Option<Self> {
        let bears = |keys: &[MatchKey], kind| keys.iter().any(|key| key.kind == kind);
        let same = |kind| {
            let mut sent = keys.iter().filter(|key| key.kind == kind);
            sent.any(|key| candidate.keys.contains(key))
        };
        let other = |kind| bears(keys, kind) && bears(&candidate.keys, kind) && !same(kind);

        let mut reasons: Vec<MatchReason> = [
            (KeyKind::Phone, MatchReason::SamePhone),
            (KeyKind::Mail, MatchReason::SameMail),
            (KeyKind::NationalNumber, MatchReason::SameNationalNumber),
            (KeyKind::Person, MatchReason::SamePerson),
        ]
        .into_iter()
        .filter_map(|(kind, reason)| same(kind).then_some(reason))
        .collect();
        let is_recognised = !reasons.is_empty();
        if is_recognised {
            if other(KeyKind::NationalNumber) {
                reasons.push(MatchReason::OtherNationalNumber);
            }
            if other(KeyKind::Name) && !same(KeyKind::NationalNumber) {
                reasons.push(MatchReason::OtherNameOrBirthYear);
            }
        } else if same(KeyKind::Name) && candidate.zone == *zone && !other(KeyKind::NationalNumber)
        {
            reasons.push(MatchReason::SameNameNearby);
        } else {
            return None;
        }
        let speaks_against = |reason: &MatchReason| {
            matches!(
                reason,
                MatchReason::OtherNationalNumber | MatchReason::OtherNameOrBirthYear
            )
        };
        // Otherwise whoever scans a card with somebody's phone number would have said yes for them
        // before they were ever asked.
        let is_same = candidate.proven && is_recognised && !reasons.iter().any(speaks_against);
        Some(Self {
            situation: candidate.situation,
            likeness: if is_same {
                Likeness::Same
            } else {
                Likeness::Doubtful
            },
            reasons,
        })
    }
}

#[cfg(test)]
mod tests {
    use MatchReason::{
        OtherNameOrBirthYear, OtherNationalNumber, SameMail, SameNameNearby, SameNationalNumber,
        SamePerson, SamePhone, SeveralSituations,
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(number: u8) -> SituationId {
        Uuid::from_u128(u128::from(number) + 1).into()
    }

    fn zone(name: &str) -> ZoneId {
        name.parse().unwrap()
    }

    /// `p1 n2`: phone 1, national number 2; `m` is a mail, `w` who at home, `s` the name alone.
    fn keys(text: &str) -> Vec<MatchKey> {
        let key = |word: &str| MatchKey {
            kind: match &word[..1] {
                "p" => KeyKind::Phone,
                "m" => KeyKind::Mail,
                "n" => KeyKind::NationalNumber,
                "w" => KeyKind::Person,
                _ => KeyKind::Name,
            },
            hash: [word[1..].parse().unwrap(); 32],
        };
        text.split_whitespace().map(key).collect()
    }

    fn candidate(number: u8, text: &str) -> Candidate {
        Candidate {
            situation: id(number),
            zone: zone("here"),
            keys: keys(text),
            proven: true,
        }
    }

    #[test]
    fn nothing_joins_what_only_scanned_cards_speak_of() {
        let scanned = Candidate {
            proven: false,
            ..candidate(0, "p1 n1")
        };
        let meeting = meet(
            &keys("p1 n1"),
            &zone("here"),
            std::slice::from_ref(&scanned),
        );
        assert_eq!(meeting.joins, None);
        let reasons = vec![SamePhone, SameNationalNumber];
        assert_eq!(
            meeting.questions,
            [Question {
                with: id(0),
                reasons
            }]
        );
        // One that somebody known speaks of as well is joined, whatever a card said.
        let meeting = meet(&keys("p1"), &zone("here"), &[scanned, candidate(1, "p1")]);
        assert_eq!(meeting.joins, Some(id(1)));
        assert_eq!(meeting.questions.len(), 1);
    }

    /// The situations a coordinator is asked about, and why.
    type Asked = &'static [(u8, &'static [MatchReason])];

    /// What it shows, what is sent, what is known, what it joins, and what is asked.
    type Example = (
        &'static str,
        &'static str,
        &'static [&'static str],
        Option<u8>,
        Asked,
    );

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table")]
    fn examples() {
        let cases: &[Example] = &[
            ("nobody known", "p1", &[], None, &[]),
            ("phone", "p1", &["p1"], Some(0), &[]),
            ("mail", "p2 m1", &["p1 m1"], Some(0), &[]),
            (
                "number, whatever the name",
                "n1 s1",
                &["n1 s2"],
                Some(0),
                &[],
            ),
            (
                "name, year and postal code",
                "w1 s1",
                &["w1 s1"],
                Some(0),
                &[],
            ),
            ("one of its phones", "p2", &["p1 p2"], Some(0), &[]),
            (
                "a phone at home, two numbers",
                "p1 n1",
                &["p1 n2"],
                None,
                &[(0, &[SamePhone, OtherNationalNumber])],
            ),
            (
                "a phone at home, two names",
                "p1 s1",
                &["p1 s2"],
                None,
                &[(0, &[SamePhone, OtherNameOrBirthYear])],
            ),
            (
                "one name, two numbers",
                "w1 s1 n1",
                &["w1 s1 n2"],
                None,
                &[(0, &[SamePerson, OtherNationalNumber])],
            ),
            (
                "the name nearby",
                "w1 s1",
                &["w2 s1"],
                None,
                &[(0, &[SameNameNearby])],
            ),
            (
                "the name nearby, two numbers",
                "w1 s1 n1",
                &["w2 s1 n2"],
                None,
                &[],
            ),
            (
                "two, and nothing to decide by",
                "p1 m1",
                &["p1", "m1"],
                None,
                &[
                    (0, &[SamePhone, SeveralSituations]),
                    (1, &[SameMail, SeveralSituations]),
                ],
            ),
            (
                "two, and a number",
                "p1 n1",
                &["p1", "n1"],
                Some(1),
                &[(0, &[SamePhone, SeveralSituations])],
            ),
            (
                "a phone at home, known by number",
                "p1 n1",
                &["p1 n2", "p1 n1"],
                Some(1),
                &[(0, &[SamePhone, OtherNationalNumber])],
            ),
            (
                "joins, and a name nearby",
                "p1 s1",
                &["p1", "s1"],
                Some(0),
                &[(1, &[SameNameNearby])],
            ),
        ];
        for (what, sent, known, joins, asked) in cases {
            let candidates: Vec<Candidate> = (0..)
                .zip(*known)
                .map(|(number, text)| candidate(number, text))
                .collect();
            let meeting = meet(&keys(sent), &zone("here"), &candidates);
            let questions: Vec<Question> = asked
                .iter()
                .map(|(with, reasons)| Question {
                    with: id(*with),
                    reasons: reasons.to_vec(),
                })
                .collect();
            assert_eq!(
                meeting,
                Meeting {
                    joins: joins.map(id),
                    questions
                },
                "{what}"
            );
        }
        let number = meet(&keys("n1"), &zone("elsewhere"), &[candidate(0, "n1")]);
        assert_eq!(number.joins, Some(id(0)), "the number holds in every zone");
        assert!(
            !number
                .questions
                .iter()
                .any(|one| one.reasons.contains(&SameNationalNumber))
        );
        let name = meet(&keys("s1"), &zone("elsewhere"), &[candidate(0, "s1")]);
        assert!(
            name.questions.is_empty(),
            "a name in another zone is another person's"
        );
    }

    fn some_keys() -> impl Strategy<Value = Vec<MatchKey>> {
        let kinds = prop::sample::select(KeyKind::ALL.to_vec());
        let key = (kinds, 0..3_u8).prop_map(|(kind, hash)| MatchKey {
            kind,
            hash: [hash; 32],
        });
        prop::collection::vec(key, 0..5)
    }

    proptest! {
        #[test]
        fn the_order_in_which_situations_are_found_decides_nothing(
            sent in some_keys(),
            known in prop::collection::vec(some_keys(), 0..4),
            turn in 0..4_usize,
        ) {
            let mut candidates: Vec<Candidate> = (0..).zip(known)
                .map(|(number, keys)| Candidate { situation: id(number), zone: zone("here"), keys, proven: true })
                .collect();
            let meeting = meet(&sent, &zone("here"), &candidates);
            if !candidates.is_empty() {
                let by = turn % candidates.len();
                candidates.rotate_left(by);
            }
            prop_assert_eq!(&meet(&sent, &zone("here"), &candidates), &meeting);

            // Nothing joins across two national numbers, and nobody is asked about what it joins.
            if let Some(joined) = meeting.joins {
                let known = candidates.iter().find(|one| one.situation == joined).unwrap();
                let numbers = |keys: &[MatchKey]| -> Vec<MatchKey> {
                    keys.iter().copied().filter(|key| key.kind == KeyKind::NationalNumber).collect()
                };
                let (sent, known) = (numbers(&sent), numbers(&known.keys));
                prop_assert!(sent.is_empty() || known.is_empty() || sent.iter().any(|key| known.contains(key)));
                prop_assert!(meeting.questions.iter().all(|question| question.with != joined));
            }
        }
    }
}
