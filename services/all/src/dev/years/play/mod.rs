//! The invented years, from one moment at which something happens to the next.

mod answer;
mod course;
mod decide;
mod flag;
mod help;
mod room;

use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{
    Timestamp,
    civil::{Date, Weekday},
};
use knipperlicht_runtime::MovableClock;
use knipperlicht_vocabulary::{Environment, SituationId, ZoneId};
use tonic::{Code, Response, Status};

use self::course::{Agenda, Course, Deed, FollowUp};
use super::{
    YearsError,
    callers::Callers,
    plan::{FRESH, Moment, Part, Story, is_weekend, later},
    progress::Progress,
    quiet::Quiet,
};
use crate::{dev::DevError, line::Line};

/// Calls under way at once.
const AT_ONCE: usize = 8;

/// The years under way.
pub(super) struct Play<'l> {
    line: &'l Line,
    clock: MovableClock,
    environment: Environment,
    callers: Callers,
    quiet: Quiet,
    zones: Vec<ZoneId>,
    courses: Vec<Course>,
    by_situation: HashMap<String, usize>,
    follow_ups: Vec<FollowUp>,
    agenda: Agenda,
    /// In each zone, the service that accepted last.
    helpful: HashMap<String, String>,
    /// The last day on which coordinators decide.
    decided_until: Date,
    /// Those of whom something was said since that others have to hear before it goes on.
    touched: BTreeSet<SituationId>,
    /// Something was done since then because of which somebody may be asked.
    is_asked_anew: bool,
    signals: usize,
}

impl<'l> Play<'l> {
    pub(super) fn new(
        line: &'l Line,
        (environment, clock): (Environment, MovableClock),
        callers: Callers,
        quiet: Quiet,
        zones: Vec<ZoneId>,
        stories: Vec<Story>,
    ) -> Self {
        let mut agenda = Agenda::default();
        for (number, story) in stories.iter().enumerate() {
            if let Some(first) = story.signs.first() {
                agenda.add(first.moment, Deed::Flag(number, 0));
            }
        }
        Self {
            line,
            clock,
            environment,
            callers,
            quiet,
            zones,
            courses: stories.into_iter().map(Course::new).collect(),
            by_situation: HashMap::new(),
            follow_ups: Vec::new(),
            agenda,
            helpful: HashMap::new(),
            decided_until: Date::MAX,
            touched: BTreeSet::new(),
            is_asked_anew: false,
            signals: 0,
        }
    }

    /// Lives through all of it up to `until`, where the clock then stands.
    pub(super) async fn through(&mut self, until: Timestamp) -> Result<(), DevError> {
        let today = self.environment.day_of(until);
        self.decided_until = later(today, -FRESH);
        let Some(mut moment) = self.agenda.first() else {
            return Ok(());
        };
        let last_days = Moment::morning(self.decided_until).max(moment);
        self.agenda.add(last_days, Deed::SayRoom);
        let progress = Progress::new(moment.day, today);
        loop {
            let at = moment.at(&self.environment);
            if at > until {
                break;
            }
            self.live(moment, at).await?;
            progress.came_to(moment.day, self.signals);
            let next = moment.working_after(0);
            moment = self.agenda.first().map_or(next, |first| first.min(next));
        }
        self.clock.set(until);
        self.line.time_moved();
        progress.done(self.signals);
        Ok(())
    }

    async fn live(&mut self, moment: Moment, at: Timestamp) -> Result<(), DevError> {
        self.move_clock(at).await?;
        loop {
            let deeds = self.agenda.due(moment);
            self.flag(&deeds, moment).await?;
            self.agree(&deeds).await?;
            self.help(&deeds, moment).await?;
            if deeds.contains(&Deed::SayRoom) {
                self.say_room().await?;
            }
            if !is_weekend(moment.day) {
                self.answer(moment).await?;
                self.decide(moment).await?;
            }
            self.hear().await?;
            let goes_on = std::mem::take(&mut self.is_asked_anew)
                || self.agenda.first().is_some_and(|first| first <= moment);
            if !goes_on {
                break;
            }
        }
        if moment.part == Part::Morning && moment.day.weekday() == Weekday::Monday {
            self.tell_apart().await?;
            self.hear().await?;
        }
        Ok(())
    }

    /// Sets the clock, and has everybody hear of the promises that ran out in between.
    async fn move_clock(&mut self, at: Timestamp) -> Result<(), DevError> {
        let broken = self.quiet.overdue(at).await?;
        self.clock.set(at);
        self.line.time_moved();
        if !broken.is_empty() {
            self.quiet.until_none_is_overdue(at).await?;
            self.touched.extend(broken);
            self.hear().await?;
        }
        Ok(())
    }

    /// Waits until everybody has heard what was done.
    async fn hear(&mut self) -> Result<(), DevError> {
        let touched: Vec<SituationId> = std::mem::take(&mut self.touched).into_iter().collect();
        self.quiet.around(&touched).await
    }

    /// Something was said of this situation that others have to hear.
    fn touch(&mut self, situation_id: &str) {
        self.touched.extend(situation_id.parse::<SituationId>());
    }
}

/// Makes these calls, some of them at once.
async fn together<T, F>(calls: Vec<F>) -> Result<Vec<T>, YearsError>
where
    F: Future<Output = Result<T, Status>>,
{
    let done = stream::iter(calls).buffer_unordered(AT_ONCE).try_collect();
    Ok(done.await?)
}

/// Whether it was done. What time has overtaken is left as it is: a clock that ran out meanwhile, a
/// carer who withdrew.
fn bear<T>(done: Result<Response<T>, Status>) -> Result<bool, Status> {
    bear_with(done).map(|done| done.is_some())
}

/// The same, with the answer.
fn bear_with<T>(done: Result<Response<T>, Status>) -> Result<Option<T>, Status> {
    match done {
        Ok(answer) => Ok(Some(answer.into_inner())),
        Err(status) if matches!(status.code(), Code::FailedPrecondition | Code::NotFound) => {
            Ok(None)
        }
        Err(status) => Err(status),
    }
}
