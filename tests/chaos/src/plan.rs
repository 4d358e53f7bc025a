//! What goes wrong when: made from a seed, so that it can be made again.

use std::time::Duration;

use jiff::SignedDuration;

use crate::{
    Dice,
    mishap::{Kind, Mishap, Place},
};

/// The clock of a process is wrong by so much at most, in milliseconds: intake refuses a signal that
/// was noticed more than five minutes from now.
const WRONG_BY: u64 = 4 * 60 * 1_000;

/// Everything that can go wrong, one after the other, without end. Every sort in turn, and of each sort
/// every place before one comes again.
pub struct Plan {
    dice: Dice,
    sorts: Vec<Sort>,
    turn: usize,
}

struct Sort {
    kind: Kind,
    places: Vec<Place>,
    /// Those that did not have their turn yet.
    left: Vec<Place>,
}

impl Plan {
    /// From what is possible; what has no place is left out.
    #[must_use]
    pub fn new(possible: impl IntoIterator<Item = (Kind, Vec<Place>)>, dice: Dice) -> Self {
        let sorts = possible.into_iter().map(|(kind, places)| Sort {
            kind,
            places,
            left: Vec::new(),
        });
        Self {
            dice,
            sorts: sorts.filter(|sort| !sort.places.is_empty()).collect(),
            turn: 0,
        }
    }

    fn draw(&mut self) -> Option<(Kind, Place)> {
        if self.turn == 0 {
            self.dice.shuffle(&mut self.sorts);
        }
        let next = (self.turn + 1) % self.sorts.len().max(1);
        let Sort { kind, places, left } = self.sorts.get_mut(self.turn)?;
        self.turn = next;
        if left.is_empty() {
            left.clone_from(places);
            self.dice.shuffle(left);
        }
        Some((*kind, left.pop()?))
    }

    fn lasts(&mut self, kind: Kind) -> Duration {
        let (least, most) = match kind {
            // Half of them are started again at once, by whoever watches over them.
            Kind::Kill if self.dice.percent(50) => (0, 0),
            Kind::Kill => (50, 1_500),
            Kind::Freeze => (300, 6_000),
            Kind::Cut | Kind::LoseAnswers => (100, 3_000),
            Kind::Delay | Kind::FillDisk => (1_000, 4_000),
            Kind::MoveClock => (500, 8_000),
            Kind::Roll => (0, 0),
        };
        self.dice.millis(least, most)
    }

    fn by(&mut self, kind: Kind) -> SignedDuration {
        let millis = match kind {
            Kind::Delay => self.dice.millis(20, 400),
            // As many small ones as large ones.
            Kind::MoveClock => {
                let most = WRONG_BY >> self.dice.below(10);
                self.dice.millis(most / 2, most)
            }
            _ => Duration::ZERO,
        };
        let by = SignedDuration::try_from(millis).unwrap_or_default();
        if kind == Kind::MoveClock && self.dice.percent(50) {
            -by
        } else {
            by
        }
    }
}

impl Iterator for Plan {
    type Item = Mishap;

    fn next(&mut self) -> Option<Mishap> {
        let (kind, place) = self.draw()?;
        Some(Mishap {
            kind,
            place,
            pause: self.dice.millis(100, 1_000),
            lasts: self.lasts(kind),
            by: self.by(kind),
            is_awaited: self.dice.percent(75),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use knipperlicht_contracts::event::Service;

    use super::*;
    use crate::cluster::{Link, Part};

    fn plan(seed: u64) -> Plan {
        let parts: Vec<Place> = Service::ALL
            .iter()
            .map(|service| Place::Part(Part::Service(*service, 0)))
            .collect();
        let links = vec![Place::Link(Link::Postgres(0)), Place::Link(Link::Nats(1))];
        let possible = [
            (Kind::Kill, parts.clone()),
            (Kind::Cut, links),
            (Kind::FillDisk, Vec::new()),
            (Kind::MoveClock, parts),
        ];
        Plan::new(possible, Dice::new(seed))
    }

    #[test]
    fn the_same_seed_gives_the_same_mishaps_and_another_one_others() {
        let of = |seed| plan(seed).take(100).collect::<Vec<_>>();
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }

    #[test]
    fn every_place_has_its_turn_before_one_comes_again() {
        for seed in 0..20 {
            let first: HashSet<Kind> = plan(seed).take(3).map(|mishap| mishap.kind).collect();
            assert_eq!(first.len(), 3, "every sort in turn");
            let killed = plan(seed).filter(|mishap| mishap.kind == Kind::Kill);
            let killed: HashSet<Place> = killed.take(5).map(|mishap| mishap.place).collect();
            assert_eq!(killed.len(), 5);
        }
    }

    #[test]
    fn clocks_jump_either_way_and_never_further_than_a_phone_may_be_ahead() {
        let jumps: Vec<SignedDuration> = plan(5)
            .filter(|mishap| mishap.kind == Kind::MoveClock)
            .take(200)
            .map(|mishap| mishap.by)
            .collect();
        assert!(
            jumps.iter().any(SignedDuration::is_negative)
                && jumps.iter().any(SignedDuration::is_positive)
        );
        assert!(
            jumps
                .iter()
                .all(|by| by.abs() <= SignedDuration::from_mins(4))
        );
    }
}
