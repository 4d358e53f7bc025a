//! The judgement: what a table makes of all that a situation is judged by.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use knipperlicht_vocabulary::{CarerAsk, Need, Urgency};

use super::table::{Line, TriageTable};
use crate::model::Inputs;

/// What a table makes of a situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How soon someone must act.
    pub urgency: Urgency,
    /// What is needed, the most pressing first.
    pub needs: Vec<Need>,
    /// What the carer may ask for that this speaks to, the most asked for first.
    pub asks: Vec<CarerAsk>,
    /// Sum of the weights.
    pub weight: u16,
    /// The lines that led to it: red flags first, then the heaviest.
    pub reasons: Vec<Arc<Line>>,
}

impl Judgement {
    /// Whether, compared with `before`, somebody else or somebody sooner has to act.
    #[must_use]
    pub fn asks_for_more_than(&self, before: &Self) -> bool {
        self.urgency > before.urgency || self.needs.iter().any(|need| !before.needs.contains(need))
    }
}

impl TriageTable {
    /// Judges a situation: everything of which it is judged adds up, each line once. The same in
    /// any order, and however often repeated, gives the same judgement.
    #[must_use]
    pub fn judge(&self, inputs: &Inputs) -> Judgement {
        // Each line once, as old as the newest source that it speaks of.
        let mut seen = BTreeSet::new();
        let aged: Vec<(usize, &Arc<Line>)> = inputs
            .triggers()
            .iter()
            .filter_map(|(age, trigger)| Some((*age, self.line_of(trigger)?)))
            .filter(|(_, line)| seen.insert(&line.trigger))
            .collect();
        let weight = aged
            .iter()
            .map(|(_, line)| line.weight)
            .fold(0, u16::saturating_add);
        let by_weight = self
            .limit(weight)
            .map_or(Urgency::Routine, |limit| limit.urgency);
        let by_line = aged.iter().filter_map(|(_, line)| line.at_least).max();
        let mut needs = in_order(&aged, |line| &line.needs);
        // Stable: what follows safety keeps its order.
        needs.sort_by_key(|need| *need != Need::Safety);
        let mut reasons: Vec<Arc<Line>> = aged.iter().map(|(_, line)| Arc::clone(line)).collect();
        reasons.sort_by(|one, other| {
            let key = |line: &Line| (!line.is_red_flag(), Reverse(line.weight));
            key(one)
                .cmp(&key(other))
                .then_with(|| one.trigger.cmp(&other.trigger))
        });
        Judgement {
            urgency: by_line.map_or(by_weight, |by_line| by_line.max(by_weight)),
            needs,
            asks: in_order(&aged, |line| &line.asks),
            weight,
            reasons,
        }
    }
}

/// By the weight of the lines that point to a thing, a line's first counting more than its next;
/// what weighs the same, by the newest source that points to it; then in the order of the list.
fn in_order<T: Copy + Ord>(aged: &[(usize, &Arc<Line>)], things: impl Fn(&Line) -> &[T]) -> Vec<T> {
    /// Divisible by every rank that occurs, so that shares compare exactly.
    const WHOLE: u32 = 12;
    let mut shares: BTreeMap<T, (u32, usize)> = BTreeMap::new();
    for (age, line) in aged {
        for (rank, thing) in (1..).zip(things(line)) {
            let (share, _) = shares.entry(*thing).or_insert((0, *age));
            *share += u32::from(line.weight) * WHOLE / rank;
        }
    }
    let mut things: Vec<(T, (u32, usize))> = shares.into_iter().collect();
    things.sort_by_key(|(thing, (share, age))| (Reverse(*share), *age, *thing));
    things.into_iter().map(|(thing, _)| thing).collect()
}
