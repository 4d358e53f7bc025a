//! A zone, its carers and its partners, in the order of time.
//!
//! Zones are simulated one by one: partners of a zone work for it alone, and associations that work
//! everywhere have time enough for all of them.

mod carers;
mod coordinator;
mod desks;
mod line;
mod promises;

use std::{collections::HashMap, rc::Rc};

use jiff::{SignedDuration, Timestamp, civil::Date};
use knipperlicht_contracts::event::Service as Part;
use knipperlicht_routing::model::{
    behaviour::Behaviours,
    directory::{Area, Capacity, Service},
};
use knipperlicht_vocabulary::{ItemId, ReferralId, ServiceId, WorkingCalendar};

use crate::{
    assumptions::Assumptions,
    chance::Chance,
    course::Course,
    desk::{Desk, Hours, Job, of_hours},
    population::{self, Place},
    queue::Queue,
    rules::{Books, Rules},
    tally::{Hour, Period, Tally},
};

const HOURS_A_DAY: f64 = 24.0;

/// Something to come. Situations, follow-ups, desks and clocks by their numbers.
#[derive(Debug, Clone, Copy)]
enum What {
    /// A day begins.
    Day(Date),
    /// Somebody flags a carer for the first time.
    Flag,
    /// Somebody else flags the carer again.
    FlagAgain(usize),
    /// A carer who was not asked agrees.
    Agrees(usize),
    /// Somebody at a desk reads a request and answers it.
    Reads(usize, usize, ReferralId),
    /// Work comes to a desk.
    Comes(usize, Job),
    /// Work is done.
    Done(usize, Job),
    /// A promise may run out.
    Due(usize, usize),
    /// A carer is asked whether it helped.
    Ask(usize, usize),
    /// A carer answers.
    Answers(usize, usize),
    /// A coordinator looks at an item.
    Looks(usize, ItemId),
}

/// How many hours a week the partners of a zone have.
#[derive(Debug, Clone, PartialEq)]
pub enum Staff {
    /// As many as it takes.
    Enough,
    /// So many each; a service that is not named has as many as it takes.
    Weekly(HashMap<ServiceId, f64>),
}

impl Staff {
    fn of(&self, service: &ServiceId) -> Hours {
        match self {
            Self::Enough => Hours::Enough,
            Self::Weekly(hours) => hours
                .get(service)
                .map_or(Hours::Enough, |hours| Hours::Weekly(*hours)),
        }
    }
}

/// What a zone is simulated with.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'s> {
    /// The real rules.
    pub rules: &'s Rules,
    /// What is taken for given.
    pub assumptions: &'s Assumptions,
    /// The directory's services.
    pub services: &'s [Service],
    /// When.
    pub period: Period,
    /// Whatever chance decides follows from this.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// What was counted.
    pub tally: Tally,
    /// Every situation, those of before the period too.
    pub courses: Vec<Course>,
}

/// Lives through a period in a zone.
#[must_use]
pub fn live(setting: &Setting<'_>, place: &Place, staff: &Staff) -> Outcome {
    let mut world = World::new(setting, place, staff);
    world.run();
    world.end()
}

struct World<'s> {
    setting: &'s Setting<'s>,
    place: &'s Place,
    calendar: &'s WorkingCalendar,
    books: Books<'s>,
    chance: Chance,
    now: Timestamp,
    queue: Queue<What>,
    desks: Vec<Desk>,
    desk_of: HashMap<ServiceId, usize>,
    courses: Vec<Course>,
    tally: Tally,
}

impl<'s> World<'s> {
    fn new(setting: &'s Setting<'s>, place: &'s Place, staff: &Staff) -> Self {
        let offered = |service: &&Service| service.area.covers(&place.zone);
        let services: Vec<Service> = setting.services.iter().filter(offered).cloned().collect();
        let desks: Vec<Desk> = services
            .iter()
            .map(|service| Desk::new(service.clone(), staff.of(&service.id)))
            .collect();
        let numbered = services.iter().enumerate();
        let desk_of = numbered.map(|(number, one)| (one.id.clone(), number));
        // Every zone has chances of its own, whichever others are simulated.
        let zone: u64 = place.zone.as_str().bytes().fold(0, |hash: u64, byte| {
            hash.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        Self {
            setting,
            place,
            calendar: setting.rules.calendars.of(&place.zone),
            chance: Chance::new(setting.seed ^ zone.rotate_left(17)),
            now: setting.period.begins,
            queue: Queue::default(),
            desk_of: desk_of.collect(),
            desks,
            books: Books::new(setting.rules, services),
            courses: Vec::new(),
            tally: Tally::default(),
        }
    }

    fn run(&mut self) {
        let first = self.setting.rules.day(self.setting.period.begins);
        self.queue.plan(self.now, What::Day(first));
        while let Some((at, what)) = self.queue.next() {
            if at >= self.setting.period.until {
                break;
            }
            self.now = at;
            self.happen(what);
        }
        self.now = self.setting.period.until;
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Day(day) => self.day(day),
            What::Flag => self.flag(),
            What::FlagAgain(course) => self.flag_again(course),
            What::Agrees(course) => self.agrees(course),
            What::Reads(course, desk, referral) => self.answer(course, desk, referral),
            What::Comes(desk, job) => self.put(desk, job),
            What::Done(desk, job) => self.done(desk, job),
            What::Due(course, clock) => self.due(course, clock),
            What::Ask(course, followed) => self.ask(course, followed),
            What::Answers(course, followed) => self.answers(course, followed),
            What::Looks(course, item) => self.looks(course, item),
        }
    }

    /// A day begins: who is flagged is known to chance, desks say what room they have, and routing
    /// measures how they behaved.
    fn day(&mut self, day: Date) {
        let Setting {
            rules, assumptions, ..
        } = *self.setting;
        for at in population::flagged(&mut self.chance, rules, assumptions, self.place, day) {
            self.queue.plan(at, What::Flag);
        }
        self.state_room(day);
        self.measure();
        if let Ok(next) = day.tomorrow() {
            self.queue.plan(rules.moment(next, 0), What::Day(next));
        }
    }

    /// Desks of the zone say what room they have, each on its own day.
    fn state_room(&mut self, day: Date) {
        let partners = &self.setting.assumptions.partners;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few days"
        )]
        let every = (partners.states_capacity_every_days.value as usize).max(1);
        let today = usize::from(day.day_of_year().unsigned_abs());
        let mut changed = Vec::new();
        for (number, desk) in self.desks.iter_mut().enumerate() {
            let is_local = matches!(desk.service.area, Area::Zones(_));
            if is_local && (number + today).is_multiple_of(every) {
                desk.service.capacity = Some(Capacity {
                    state: desk.room(partners),
                    stated_at: self.now,
                });
                changed.push(desk.service.clone());
            }
        }
        for _ in &changed {
            self.call(Part::Routing);
        }
        let directory = &self.books.directory;
        let next = directory.with(directory.version() + 1, changed);
        self.books.directory = Rc::new(next);
    }

    fn measure(&mut self) {
        let Some(measured) = &self.setting.rules.points.current().measured else {
            return;
        };
        let since = self.now - SignedDuration::from_hours(24 * i64::from(measured.over_days));
        let behaviours: Behaviours = self
            .desks
            .iter_mut()
            .map(|desk| (desk.service.id.clone(), desk.behaviour(since)))
            .filter(|(_, behaviour)| behaviour.answered > 0)
            .collect();
        self.books.behaviours = Rc::new(behaviours);
    }

    fn end(mut self) -> Outcome {
        for course in &self.courses {
            self.tally.stands(&course.standing());
            let counts = |promised_by: &Timestamp| {
                (self.setting.period.from..self.now).contains(promised_by)
            };
            if let Some(promised_by) = course.promised_by.filter(counts) {
                let in_time = course.reached_at.is_some_and(|at| at <= promised_by);
                self.tally.first_talks.note(in_time);
            }
        }
        for desk in &self.desks {
            let service = desk.service.id.to_string();
            self.tally.worked.insert(service, desk.worked);
        }
        Outcome {
            tally: self.tally,
            courses: self.courses,
        }
    }

    /// Whether what happens now counts.
    fn counts(&self) -> bool {
        self.now >= self.setting.period.from
    }

    fn say(&mut self, event: &'static str) {
        if self.counts() {
            *self.tally.said.entry(event).or_default() += 1;
            self.hour().events += 1;
        }
    }

    fn call(&mut self, part: Part) {
        if self.counts() {
            *self.tally.calls.entry(part).or_default() += 1;
        }
    }

    fn hour(&mut self) -> &mut Hour {
        let since = self.now.duration_since(self.setting.period.from);
        let hour = usize::try_from(since.as_hours()).unwrap_or_default();
        if self.tally.hours.len() <= hour {
            self.tally.hours.resize(hour + 1, Hour::default());
        }
        &mut self.tally.hours[hour]
    }

    fn plan_in(&mut self, days: f64, what: What) {
        self.queue
            .plan(self.now + of_hours(days * HOURS_A_DAY), what);
    }

    /// The same, once people of the zone are at work.
    fn plan_at_work_in(&mut self, days: f64, what: What) {
        let later = self.now + of_hours(days * HOURS_A_DAY);
        let at = self.calendar.next_opening(later);
        self.queue.plan(at, what);
    }
}
