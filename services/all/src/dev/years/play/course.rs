//! How far the stories got.

use jiff::civil::Date;
use knipperlicht_vocabulary::{Consent, ItemKind, Urgency};

use super::super::plan::{Moment, Part, Reply, Story};

/// One situation on its way.
pub(super) struct Course {
    pub(super) story: Story,
    /// Nothing before it is flagged, and for what turned out to be another story's.
    pub(super) situation_id: String,
    /// The signal by which it was flagged.
    pub(super) signal_id: String,
    /// A coordinator has had the reporter ask the carer.
    pub(super) is_reminded: bool,
}

impl Course {
    pub(super) fn new(story: Story) -> Self {
        Self {
            story,
            situation_id: String::new(),
            signal_id: String::new(),
            is_reminded: false,
        }
    }

    /// How a partner answers now, if at all.
    pub(super) fn reply(&self, asked: Asked, now: Moment) -> Option<Reply> {
        let answers = &self.story.answers;
        let reply = *(if asked.is_first {
            answers.first()
        } else {
            answers.last()
        })?;
        let waited = asked.since.until(now.day).map_or(0, |span| span.get_days());
        // Desks answer in the morning what came the day before, and an emergency at once.
        let is_seen = waited > 0 || now.part == Part::Morning;
        let is_time = match reply {
            Reply::Accept(after) | Reply::Decline(after, _) => is_seen && waited >= after,
            Reply::Silence => return None,
        };
        (is_time || asked.urgency == Urgency::Emergency).then_some(reply)
    }

    /// What the carer says when asked after all, of whom something like this lies with the coordinator:
    /// nobody asked them, or they said no and are in danger. They are asked once.
    pub(super) fn answer_after_all(&self, kind: ItemKind, urgency: Urgency) -> Option<Consent> {
        let story = &self.story;
        if self.is_reminded || story.consent == Consent::Given || story.agrees_after.is_some() {
            return None;
        }
        let is_unasked = story.consent == Consent::NotAsked;
        match kind {
            _ if urgency == Urgency::Emergency => Some(Consent::Given),
            ItemKind::Late if is_unasked => Some(story.says_when_reminded),
            _ => None,
        }
    }
}

/// By which referral a partner is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Whether nobody was asked before.
    pub(super) is_first: bool,
    pub(super) since: Date,
    pub(super) urgency: Urgency,
}

/// What a partner does that accepted.
pub(super) struct FollowUp {
    /// Whose.
    pub(super) course: usize,
    pub(super) referral_id: String,
    pub(super) organisation: String,
    pub(super) urgency: Urgency,
    /// Once it is known.
    pub(super) task_id: String,
    pub(super) missed_calls: u32,
    /// The carer said that it did not help, and it began anew.
    pub(super) is_reopened: bool,
}

/// Something that is done at a moment, about a course or a follow-up by its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// A sign of a course, by its number, is flagged.
    Flag(usize, usize),
    /// A carer who was not asked agrees.
    Agree(usize),
    /// A partner calls.
    Call(usize),
    /// A partner is done.
    Complete(usize),
    /// A carer says whether it helped.
    Confirm(usize),
    /// A coordinator closes what the carer does not answer about.
    Close(usize),
    /// All desks say what room they have.
    SayRoom,
}

/// What is to be done when.
#[derive(Default)]
pub(super) struct Agenda(std::collections::BTreeMap<Moment, Vec<Deed>>);

impl Agenda {
    pub(super) fn add(&mut self, moment: Moment, deed: Deed) {
        self.0.entry(moment).or_default().push(deed);
    }

    /// The first moment at which something is to be done.
    pub(super) fn first(&self) -> Option<Moment> {
        self.0.keys().next().copied()
    }

    /// What is to be done by now.
    pub(super) fn due(&mut self, now: Moment) -> Vec<Deed> {
        let later = self.0.split_off(&now.next());
        let due = std::mem::replace(&mut self.0, later);
        due.into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::dev::years::plan;

    #[test]
    fn a_partner_answers_in_the_morning_or_days_later_and_an_emergency_at_once() {
        let (monday, tuesday) = (date(2026, 11, 23), date(2026, 11, 24));
        let story = |answer| Story {
            answers: vec![answer],
            ..plan::somebodys()
        };
        let asked = |since, urgency| Asked {
            is_first: true,
            since,
            urgency,
        };
        let (soon, late) = (Reply::Accept(0), Reply::Accept(2));
        for (reply, asked, now, answers) in [
            (
                soon,
                asked(monday, Urgency::Soon),
                Moment::afternoon(monday),
                false,
            ),
            (
                soon,
                asked(monday, Urgency::Soon),
                Moment::morning(tuesday),
                true,
            ),
            (
                soon,
                asked(tuesday, Urgency::Soon),
                Moment::morning(tuesday),
                true,
            ),
            (
                late,
                asked(monday, Urgency::Soon),
                Moment::morning(tuesday),
                false,
            ),
            (
                late,
                asked(monday, Urgency::Emergency),
                Moment::afternoon(monday),
                true,
            ),
            (
                Reply::Silence,
                asked(monday, Urgency::Soon),
                Moment::morning(tuesday),
                false,
            ),
        ] {
            let course = Course::new(story(reply));
            let expected = answers.then_some(reply);
            assert_eq!(course.reply(asked, now), expected, "{asked:?} {now:?}");
        }
    }

    #[test]
    fn whoever_was_not_asked_is_asked_after_all_and_once_and_a_no_stands_unless_there_is_danger() {
        use Consent::{Given, NotAsked, Refused};
        use ItemKind::{Emergency, Late, NoCandidate};
        let course = |consent, agrees_after| {
            Course::new(Story {
                consent,
                agrees_after,
                says_when_reminded: Refused,
                ..plan::somebodys()
            })
        };
        for (consent, agrees_after, kind, urgency, answer) in [
            (NotAsked, None, Late, Urgency::Soon, Some(Refused)),
            (NotAsked, None, NoCandidate, Urgency::Soon, None),
            (NotAsked, None, Emergency, Urgency::Emergency, Some(Given)),
            (NotAsked, Some(3), Late, Urgency::Soon, None),
            (Refused, None, Emergency, Urgency::Emergency, Some(Given)),
            (Given, None, Late, Urgency::Emergency, None),
        ] {
            let mut course = course(consent, agrees_after);
            assert_eq!(
                course.answer_after_all(kind, urgency),
                answer,
                "{consent:?} {agrees_after:?} {kind:?}"
            );
            course.is_reminded = true;
            assert_eq!(course.answer_after_all(kind, urgency), None);
        }
    }

    #[test]
    fn what_is_due_is_handed_out_once_and_in_order() {
        let mut agenda = Agenda::default();
        let morning = Moment::morning(date(2026, 11, 23));
        agenda.add(morning.next(), Deed::Call(3));
        agenda.add(morning, Deed::Flag(1, 0));
        agenda.add(morning, Deed::Agree(2));
        assert_eq!(agenda.first(), Some(morning));
        assert_eq!(agenda.due(morning), [Deed::Flag(1, 0), Deed::Agree(2)]);
        assert_eq!(agenda.due(morning), []);
        assert_eq!(agenda.due(morning.next()), [Deed::Call(3)]);
    }
}
