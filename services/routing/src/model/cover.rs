//! The fewest services that cover all the needs that can be covered: an exact search, for there
//! are few needs at a time.
//!
//! For each set of needs, the best way to cover it is one service that meets its first need,
//! together with the best way to cover what that one leaves. So the best way for all is found by
//! going from the smaller sets to the larger. Best means fewest services; of equally few, the
//! most points together; of equal points, the largest sum of the hashes that spread load. Sums
//! over services make this right: a better part makes a better whole.

use std::cmp::Reverse;

use knipperlicht_vocabulary::Need;

use super::need_set::NeedSet;

/// One service that may be asked, as far as covering goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// What it meets.
    pub needs: NeedSet,
    /// What speaks for it.
    pub points: u32,
    /// What tells equals apart, another number for each situation.
    pub spread: u64,
}

/// What a way to cover a set is worth, the larger the better.
type Worth = (Reverse<u8>, u64, u128);

/// The best way to cover one set.
#[derive(Debug, Clone, Copy)]
struct Way {
    worth: Worth,
    /// The piece that was taken last, and the set that was covered before.
    last: Option<(usize, usize)>,
}

/// The positions of the fewest pieces that cover as many of `wanted` as any do, the best of
/// equally few. The order of `pieces` settles what everything else leaves equal. Takes time and
/// memory in proportion to 2 to the power of the number of needs: meant for a handful.
#[must_use]
pub fn fewest(pieces: &[Piece], wanted: NeedSet) -> Vec<usize> {
    let needs: Vec<Need> = wanted.iter().collect();
    let best = best_of_each_set(pieces, &needs);
    let coverable = best.iter().fold(0, |all, (set, _)| all | set);

    let mut ways: Vec<Option<Way>> = vec![None; 1 << needs.len()];
    ways[0] = Some(Way {
        worth: (Reverse(0), 0, 0),
        last: None,
    });
    for set in (1..ways.len()).filter(|set| set & !coverable == 0) {
        let first = set & set.wrapping_neg();
        let meet_it = best.iter().filter(|(needs, _)| needs & first != 0);
        for (needs, position) in meet_it {
            let before = set & !needs;
            let Some(way) = ways[before] else { continue };
            let worth = plus(way.worth, &pieces[*position]);
            if ways[set].is_none_or(|known| worth > known.worth) {
                let last = Some((*position, before));
                ways[set] = Some(Way { worth, last });
            }
        }
    }

    let mut chosen = Vec::new();
    let mut set = coverable;
    while let Some((position, before)) = ways[set].and_then(|way| way.last) {
        chosen.push(position);
        set = before;
    }
    chosen
}

fn plus((Reverse(count), points, spread): Worth, piece: &Piece) -> Worth {
    (
        Reverse(count + 1),
        points + u64::from(piece.points),
        spread + u128::from(piece.spread),
    )
}

/// Of the pieces that meet the same of these needs, only the best can be in the best way. Sets
/// are numbers here: bit n stands for the need at position n.
fn best_of_each_set(pieces: &[Piece], needs: &[Need]) -> Vec<(usize, usize)> {
    let mut best: Vec<Option<usize>> = vec![None; 1 << needs.len()];
    for (position, piece) in pieces.iter().enumerate() {
        let set = needs
            .iter()
            .enumerate()
            .filter(|(_, need)| piece.needs.contains(**need))
            .fold(0, |set, (bit, _)| set | 1 << bit);
        let worth = |position: usize| (pieces[position].points, pieces[position].spread);
        if best[set].is_none_or(|known| worth(position) > worth(known)) {
            best[set] = Some(position);
        }
    }
    best.into_iter()
        .enumerate()
        .skip(1)
        .filter_map(|(set, position)| Some((set, position?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::subsequence};

    use super::*;

    fn piece(needs: &[Need], points: u32) -> Piece {
        Piece {
            needs: needs.into(),
            points,
            spread: 0,
        }
    }

    const WANTED: [Need; 4] = [
        Need::Information,
        Need::Financial,
        Need::Respite,
        Need::Psychosocial,
    ];

    fn chosen(pieces: &[Piece]) -> Vec<usize> {
        let mut chosen = fewest(pieces, WANTED.as_slice().into());
        chosen.sort_unstable();
        chosen
    }

    #[test]
    fn two_that_fit_together_come_before_the_broadest_with_two_others() {
        // The one that meets most at once leaves two needs that nobody meets together.
        let pieces = [
            piece(&[Need::Information, Need::Financial], 0),
            piece(&[Need::Respite, Need::Psychosocial], 0),
            piece(&[Need::Financial, Need::Respite], 90),
            piece(&[Need::Information], 90),
            piece(&[Need::Psychosocial], 90),
        ];
        assert_eq!(chosen(&pieces), [0, 1]);
    }

    #[test]
    fn of_equally_few_those_with_most_points_together() {
        let pieces = [
            piece(&[Need::Information, Need::Financial], 10),
            piece(&[Need::Information, Need::Financial], 30),
            piece(&[Need::Respite, Need::Psychosocial], 10),
            piece(&[Need::Information, Need::Respite, Need::Psychosocial], 10),
            piece(&[Need::Financial], 35),
        ];
        assert_eq!(chosen(&pieces), [3, 4]);
    }

    #[test]
    fn what_nobody_meets_is_left() {
        assert_eq!(chosen(&[piece(&[Need::Safety, Need::Respite], 0)]), [0]);
        assert!(chosen(&[piece(&[Need::Safety], 0)]).is_empty());
        assert!(chosen(&[]).is_empty());
    }

    prop_compose! {
        fn any_piece()(needs in subsequence(Need::ALL, 0..5), points in 0..4_u32, spread in 0..4_u64) -> Piece {
            Piece { needs: needs.as_slice().into(), points, spread }
        }
    }

    /// All sets of pieces, the slow way.
    fn best_by_trying_all(pieces: &[Piece], wanted: NeedSet) -> (u32, Worth) {
        (0..1_usize << pieces.len())
            .map(|members| {
                let members: Vec<&Piece> = pieces
                    .iter()
                    .enumerate()
                    .filter(|(position, _)| members & (1 << position) != 0)
                    .map(|(_, piece)| piece)
                    .collect();
                worth_of(&members, wanted)
            })
            .max()
            .unwrap()
    }

    fn worth_of(members: &[&Piece], wanted: NeedSet) -> (u32, Worth) {
        let covered = members
            .iter()
            .fold(NeedSet::default(), |all, piece| all.or(piece.needs));
        let start = (Reverse(0), 0, 0);
        let worth = members.iter().fold(start, |sum, piece| plus(sum, piece));
        (covered.and(wanted).len(), worth)
    }

    proptest! {
        #[test]
        fn is_as_good_as_trying_all(
            pieces in prop::collection::vec(any_piece(), 0..9),
            wanted in subsequence(Need::ALL, 0..6),
        ) {
            let wanted = NeedSet::from(wanted.as_slice());
            let chosen = fewest(&pieces, wanted);
            let members: Vec<&Piece> = chosen.iter().map(|position| &pieces[*position]).collect();
            prop_assert_eq!(worth_of(&members, wanted), best_by_trying_all(&pieces, wanted));
        }
    }
}
