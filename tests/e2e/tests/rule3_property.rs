//! Rule 3 on the real server: over sequences of words, signals, merges, splits, acceptances and objections,
//! after each of which everybody tries to learn who it is about, nobody does without a yes or a vital
//! interest, nor anything of a situation that is not theirs.

#![allow(clippy::print_stdout, reason = "it says how much it tried")]

use std::{collections::BTreeSet, time::Duration};

use knipperlicht_contracts::intake::v1::{self as intake, Resolution};
use knipperlicht_e2e::{CoordinatorDesk, ReporterPhone, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{
    Consent::{self, Given, NotAsked, Refused, VitalInterest, Withdrawn},
    ReferralState, ResolutionReason, SignalId,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::time::sleep;

const ZONE: &str = "oostende-bredene";
const SEQUENCES: u64 = 10;
const POSTAL_CODES: [&str; 2] = ["8400", "8450"];

#[derive(Debug, Clone, Copy)]
enum Deed {
    Record(usize, Consent),
    Flag(usize, Consent),
    CarerWithdraws(usize),
    Accept(usize),
    Object(usize, bool),
    Merge,
    Split,
}

fn deeds() -> impl Strategy<Value = Deed> {
    let side = || 0..2_usize;
    let consents = || prop::sample::select(Consent::ALL.to_vec());
    prop_oneof![
        4 => (side(), consents()).prop_map(|(side, consent)| Deed::Record(side, consent)),
        2 => (side(), prop::sample::select(vec![Given, NotAsked, Refused, VitalInterest]))
            .prop_map(|(side, consent)| Deed::Flag(side, consent)),
        2 => side().prop_map(Deed::CarerWithdraws),
        4 => side().prop_map(Deed::Accept),
        1 => (side(), any::<bool>()).prop_map(|(side, objects)| Deed::Object(side, objects)),
        2 => Just(Deed::Merge),
        1 => Just(Deed::Split),
    ]
}

/// What of consent was said of each of both, and of both.
struct Said {
    own: [Consent; 2],
    /// Since they are one: what holds, and whether somebody said so since.
    both: Option<(Consent, bool)>,
    accepted: [BTreeSet<String>; 2],
    accepted_since: bool,
}

impl Said {
    fn holds(&self, side: usize) -> Consent {
        self.both.map_or(self.own[side], |(holds, _)| holds)
    }

    fn hear(&mut self, side: usize, consent: Consent) {
        if consent == self.holds(side) {
            return;
        }
        match &mut self.both {
            Some(both) => *both = (consent, true),
            None => self.own[side] = consent,
        }
    }

    fn merge(&mut self) {
        let careful = [VitalInterest, Withdrawn, Refused, Given, NotAsked];
        let holds = careful.into_iter().find(|one| self.own.contains(one));
        self.both = Some((holds.unwrap(), false));
        self.accepted_since = false;
    }

    fn split(&mut self) {
        if let Some((holds, true)) = self.both.take() {
            self.own = [holds; 2];
        }
    }

    fn has_accepted(&self, side: usize, organisation: &str) -> bool {
        let other = self.both.is_some() && self.accepted[1 - side].contains(organisation);
        other || self.accepted[side].contains(organisation)
    }
}

struct Play<'w> {
    world: &'w World,
    coordinator: CoordinatorDesk,
    /// One for each side, so that nobody records for the other carer.
    reporters: [ReporterPhone; 2],
    number: u64,
    signals: [String; 2],
    situations: [String; 2],
    links: [String; 2],
    question: String,
    said: Said,
    learnt: usize,
    refused: usize,
}

fn flagged(world: &World, number: u64, side: usize, consent: Consent) -> intake::Signal {
    intake::Signal {
        postal_code: POSTAL_CODES[side].to_owned(),
        consent: consent.number(),
        vital_interest_reason: match consent {
            VitalInterest => "does not answer".to_owned(),
            _ => String::new(),
        },
        contact: Some(intake::Contact {
            name: format!("carer {side}"),
            phone: format!("0470 {:02} {number:02} 1{side}", 10 + side),
            family_name: format!(
                "Peeters {}",
                char::from(b'a' + u8::try_from(number).unwrap())
            ),
            birth_year: 1958,
            ..Default::default()
        }),
        note: format!("note {side}"),
        ..a_signal(&world.environment)
    }
}

impl<'w> Play<'w> {
    async fn begin(world: &'w World, number: u64) -> Self {
        let coordinator = world.coordinator(&[ZONE]);
        let reporters = [0, 1].map(|side| world.reporter(&format!("reporter-{number}-{side}")));
        let mut receipts = Vec::new();
        for (side, reporter) in reporters.iter().enumerate() {
            let signal = flagged(world, number, side, NotAsked);
            receipts.push(reporter.send(signal).await.unwrap());
        }
        let situations = [0, 1].map(|side: usize| receipts[side].situation_id.clone());
        assert_ne!(situations[0], situations[1]);
        let links = [
            coordinator.0.situation_link(&situations[0]).await,
            coordinator.0.situation_link(&situations[1]).await,
        ];
        let request = intake::ListDuplicatesRequest::default();
        let asked = coordinator.0.intake().list_duplicates(request).await;
        let mut asked = asked.unwrap().into_inner().duplicates.into_iter();
        let question = asked.find(|one| {
            let first = one.first.as_ref();
            first.is_some_and(|side| side.situation_id == situations[0])
        });
        Self {
            world,
            coordinator,
            reporters,
            number,
            signals: [0, 1].map(|side: usize| receipts[side].signal_id.clone()),
            situations,
            links,
            question: question.unwrap().duplicate_id,
            said: Said {
                own: [NotAsked; 2],
                both: None,
                accepted: Default::default(),
                accepted_since: false,
            },
            learnt: 0,
            refused: 0,
        }
    }

    async fn does(&mut self, deed: Deed) {
        match deed {
            Deed::Record(side, consent) => {
                let recorded = self.reporters[side]
                    .records(&self.signals[side], consent)
                    .await;
                if recorded.is_ok() {
                    self.said.hear(side, consent);
                }
            }
            Deed::Flag(side, consent) => {
                let signal = intake::Signal {
                    signal_id: SignalId::new(&self.world.environment).to_string(),
                    ..flagged(self.world, self.number, side, consent)
                };
                self.reporters[side].send(signal).await.unwrap();
                if consent != NotAsked {
                    self.said.hear(side, consent);
                }
            }
            Deed::CarerWithdraws(side) => {
                let request = intake::WithdrawMyConsentRequest {
                    token: self.links[side].clone(),
                };
                let carer = self.world.nobody();
                carer.intake().withdraw_my_consent(request).await.unwrap();
                let word = match self.said.holds(side) {
                    NotAsked | Refused => Refused,
                    Given | VitalInterest | Withdrawn => Withdrawn,
                };
                self.said.hear(side, word);
            }
            Deed::Accept(side) => self.accept(side).await,
            Deed::Object(side, objects) => {
                let reporter = &self.reporters[side].0;
                reporter
                    .records_objection(&self.situations[side], objects)
                    .await
                    .unwrap();
            }
            Deed::Merge if self.said.both.is_none() => {
                self.answers(Resolution::Merge).await.unwrap();
                self.said.merge();
            }
            Deed::Split if self.said.both.is_some() => {
                let split = self.answers(Resolution::Split).await;
                // What somebody acted on since can no longer be undone.
                assert!(split.is_ok() || self.said.accepted_since, "{split:?}");
                if split.is_ok() {
                    self.said.split();
                }
            }
            Deed::Merge | Deed::Split => {}
        }
    }

    async fn answers(&self, resolution: Resolution) -> Result<(), tonic::Status> {
        let request = intake::ResolveDuplicateRequest {
            duplicate_id: self.question.clone(),
            resolution: resolution.into(),
            reason: ResolutionReason::SameCarer.number(),
        };
        self.coordinator
            .0
            .intake()
            .resolve_duplicate(request)
            .await?;
        Ok(())
    }

    /// Whoever is asked accepts, if somebody is asked before long.
    async fn accept(&mut self, side: usize) {
        let place = if self.said.both.is_some() { 0 } else { side };
        let situation = self.situations[place].clone();
        for _ in 0..20 {
            let referrals = self.coordinator.referrals_of(&situation).await;
            let asked = referrals
                .into_iter()
                .find(|one| one.state == ReferralState::Requested.number());
            if let Some(asked) = asked {
                let organisation = asked.service.unwrap().organisation_id;
                let partner = self.world.partner(&organisation);
                if partner.accept(&asked.referral_id).await.is_ok() {
                    self.said.accepted[place].insert(organisation);
                    self.said.accepted_since = true;
                    if self.said.holds(side).allows_sharing() {
                        eventually("that it may learn who it is", async || {
                            partner.learns(&situation).await.ok()
                        })
                        .await;
                    }
                }
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Everybody tries.
    async fn everybody_tries(&mut self, after: Deed) {
        let mut organisations: BTreeSet<String> = BTreeSet::from(["somebody".to_owned()]);
        for situation in &self.situations {
            let referrals = self.coordinator.referrals_of(situation).await;
            let asked = referrals.into_iter().filter_map(|one| one.service);
            organisations.extend(asked.map(|service| service.organisation_id));
        }
        for side in 0..2 {
            let situation = &self.situations[side];
            for organisation in &organisations {
                let learnt = self.world.partner(organisation).learns(situation).await;
                let may = self.said.has_accepted(side, organisation)
                    && self.said.holds(side).allows_sharing();
                let Ok(known) = learnt else {
                    self.refused += 1;
                    continue;
                };
                self.learnt += 1;
                assert!(may, "{organisation} learnt of {side} after {after:?}");
                let own = format!("carer {side}");
                let is_theirs = |one: &intake::Contact| self.said.both.is_some() || one.name == own;
                assert!(known.contacts.iter().all(is_theirs), "after {after:?}");
                assert!(!known.left_out || known.notes.is_empty(), "after {after:?}");
            }
            let request = intake::GetContactRequest {
                situation_id: situation.clone(),
                purpose: "out of curiosity".to_owned(),
            };
            for other in [&self.coordinator.0, &self.reporters[side].0] {
                let refused = other.intake().get_contact(request.clone()).await;
                refused.unwrap_err();
            }
        }
    }
}

#[tokio::test]
async fn nobody_learns_who_it_is_without_a_yes() {
    let world = World::start().await;
    let (mut learnt, mut refused) = (0, 0);
    for number in 0..SEQUENCES {
        let seed = [u8::try_from(number).unwrap(); 32];
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let strategy = prop::collection::vec(deeds(), 20..30);
        let deeds = strategy.new_tree(&mut runner).unwrap().current();
        let mut play = Play::begin(&world, number).await;
        // Without a yes nobody has anything to accept.
        play.does(Deed::Record(0, Given)).await;
        play.does(Deed::Record(1, Given)).await;
        for deed in deeds {
            play.does(deed).await;
            play.everybody_tries(deed).await;
        }
        learnt += play.learnt;
        refused += play.refused;
    }
    println!("{learnt} times somebody learnt who it is, {refused} times somebody was refused");
    assert!(learnt > 20 && refused > 100, "{learnt} {refused}");
    world.stop().await;
}
