//! All that routing knows of a situation.

use jiff::Timestamp;
use knipperlicht_vocabulary::{
    AgeBand, ClockKind, Consent, ItemId, ItemKind, Language, Need, OrganisationId, PostalCode,
    ReferralId, ServiceId, SignalId, SituationId, Urgency, ZoneId,
};
use serde::{Deserialize, Serialize};

use super::{
    need_set::NeedSet,
    referral::{Referral, State},
};

/// What is needed to route and says nothing about who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// The zone.
    pub zone: ZoneId,
    /// The postal code.
    pub postal_code: PostalCode,
    /// Language the carer is best helped in.
    pub language: Language,
    /// The carer's age band, where known.
    pub age_band: Option<AgeBand>,
}

/// What the carer agreed to, and which word of theirs that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// What holds.
    pub consent: Consent,
    /// Its place among all that was said of this situation: the highest holds.
    pub sequence: i64,
}

impl Agreement {
    /// The later one of both, whatever the order in which they arrived.
    #[must_use]
    pub const fn or_later(self, other: Self) -> Self {
        if other.sequence > self.sequence {
            other
        } else {
            self
        }
    }
}

/// The facts of a situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// The situation.
    pub id: SituationId,
    /// Where, in which language, at what age.
    pub circumstances: Circumstances,
    /// What the carer agreed to.
    pub agreement: Agreement,
    /// How soon, by the latest assessment; nothing before the first.
    pub urgency: Option<Urgency>,
    /// The needs, by the latest assessment.
    pub needs: Vec<Need>,
}

/// Something a coordinator has to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The item.
    pub id: ItemId,
    /// Why it lies there.
    pub kind: ItemKind,
    /// The referral that ended here, where one did.
    pub referral: Option<ReferralId>,
    /// The promise that was not kept, where it is about nothing but that.
    pub promise: Option<ClockKind>,
    /// Where, in which language, at what age.
    pub circumstances: Circumstances,
    /// The needs nobody is asked for, the most pressing first.
    pub needs: Vec<Need>,
    /// How soon.
    pub urgency: Urgency,
    /// Since when.
    pub opened_at: Timestamp,
    /// Since when it lies with the zone's council, where the coordinator was silent for too long.
    pub escalated_at: Option<Timestamp>,
}

impl Item {
    /// Whether it lies there whatever the carer agrees to: it says nothing of who it is, and somebody
    /// has to know of it.
    #[must_use]
    pub const fn stays_whatever_is_agreed(&self) -> bool {
        matches!(self.kind, ItemKind::Emergency | ItemKind::VitalInterest)
    }

    /// Whether somebody who decides upon it sees to what the carer needs. What was shared for a vital
    /// interest is only to be taken note of.
    #[must_use]
    pub const fn is_a_path(&self) -> bool {
        !matches!(self.kind, ItemKind::VitalInterest)
    }
}

/// Why no referral is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// The consent that does not allow it.
    pub consent: Consent,
    /// The needs that nobody is asked for.
    pub needs: Vec<Need>,
    /// How soon.
    pub urgency: Urgency,
}

/// Who had to do with a situation before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Services that are not asked again.
    pub asked: Vec<ServiceId>,
    /// Organisations that accepted: they know the situation.
    pub knows: Vec<OrganisationId>,
}

impl History {
    /// Of two situations that become one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.asked.extend(other.asked);
        self.knows.extend(other.knows);
        self.knows.sort_unstable();
        self.knows.dedup();
        self
    }
}

/// All that is known of one situation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Case {
    /// Its facts, once something was heard of it.
    pub situation: Option<Situation>,
    /// All its referrals, the oldest first.
    pub referrals: Vec<Referral>,
    /// Its open items.
    pub items: Vec<Item>,
    /// Why no referral is made, while that holds.
    pub withheld: Option<Withheld>,
    /// Its signals that were taken back.
    pub taken_back: Vec<SignalId>,
}

impl Case {
    /// The needs that a live referral or an open item takes care of.
    #[must_use]
    pub fn covered(&self) -> NeedSet {
        let referrals = self.referrals.iter().filter(|referral| referral.covers());
        let referrals = referrals.map(|referral| referral.needs.as_slice());
        let items = self.items.iter().map(|item| item.needs.as_slice());
        referrals.chain(items).flatten().copied().collect()
    }

    /// The referral of this id.
    #[must_use]
    pub fn referral(&self, id: ReferralId) -> Option<&Referral> {
        self.referrals.iter().find(|referral| referral.id == id)
    }

    /// The referral whose follow-up this one was asked to take over, while that goes on: whatever
    /// becomes of the question, somebody sees to the needs.
    #[must_use]
    pub fn giver(&self, asked: &Referral) -> Option<&Referral> {
        let giver = self.referral(asked.takes_over?)?;
        giver.is_followed_up().then_some(giver)
    }

    /// The referral by which somebody is asked now to take the follow-up of this one over.
    #[must_use]
    pub fn asked_to_take_over(&self, giver: ReferralId) -> Option<&Referral> {
        let mut referrals = self.referrals.iter();
        referrals.find(|one| one.takes_over == Some(giver) && one.state.is_open())
    }

    /// Whether somebody sees to the needs of this referral whatever becomes of it.
    #[must_use]
    pub fn is_in_hand(&self, id: ReferralId) -> bool {
        let asked = self.referral(id);
        asked.is_some_and(|asked| self.giver(asked).is_some())
    }

    /// Whether anything is under way for it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.items.iter().any(Item::is_a_path) || self.referrals.iter().any(Referral::covers)
    }

    /// Who was asked, however it ended.
    #[must_use]
    pub fn history(&self) -> History {
        self.history_of(|_| true)
    }

    /// Who was asked in vain.
    #[must_use]
    pub fn history_in_vain(&self) -> History {
        self.history_of(Referral::was_in_vain)
    }

    fn history_of(&self, counts: fn(&Referral) -> bool) -> History {
        let asked = self.referrals.iter().filter(|referral| counts(referral));
        let accepted = self
            .referrals
            .iter()
            .filter(|referral| referral.state == State::Accepted);
        let mut knows: Vec<OrganisationId> = accepted
            .map(|referral| referral.organisation.clone())
            .collect();
        knows.sort_unstable();
        knows.dedup();
        History {
            asked: asked.map(|referral| referral.service.clone()).collect(),
            knows,
        }
    }

    /// Whether `service` was asked on the way that led to this referral, or is asked by it.
    #[must_use]
    pub fn came_by(&self, referral: &Referral, service: &ServiceId) -> bool {
        let mut current = Some(referral);
        // No longer than there are referrals, whatever the links say.
        for _ in 0..=self.referrals.len() {
            let Some(one) = current else { return false };
            if one.service == *service {
                return true;
            }
            current = one
                .previous
                .and_then(|previous| self.referrals.iter().find(|other| other.id == previous));
        }
        false
    }
}
