//! Rows of `task`, and what they say.

use uuid::Uuid;

use super::{Question, TaskView};
use crate::{
    error::FollowupError,
    model::{Outcome, State, Task, Timeliness},
    store::{Cell, clocks::OpenClock, contact_persons::contact_person},
};

/// A row of `task`.
pub(in crate::store) struct TaskRow {
    pub(in crate::store) task_id: Uuid,
    pub(in crate::store) situation_id: Uuid,
    pub(in crate::store) referral_id: Uuid,
    pub(in crate::store) organisation_id: String,
    pub(in crate::store) zone: String,
    pub(in crate::store) urgency: String,
    pub(in crate::store) state: String,
    pub(in crate::store) visit_at: Option<jiff_sqlx::Timestamp>,
    pub(in crate::store) result: Option<String>,
    pub(in crate::store) reason: Option<String>,
    pub(in crate::store) late: Option<bool>,
    pub(in crate::store) at_rest: bool,
}

/// A row of `task`, and of `clock` where one is open.
pub(super) struct TaskViewRow {
    pub(super) task_id: Uuid,
    pub(super) situation_id: Uuid,
    pub(super) referral_id: Uuid,
    pub(super) organisation_id: String,
    pub(super) zone: String,
    pub(super) urgency: String,
    pub(super) state: String,
    pub(super) visit_at: Option<jiff_sqlx::Timestamp>,
    pub(super) result: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) late: Option<bool>,
    pub(super) at_rest: bool,
    pub(super) clock_id: Option<Uuid>,
    pub(super) clock_kind: Option<String>,
    pub(super) due_at: Option<jiff_sqlx::Timestamp>,
    pub(super) breached: Option<bool>,
    pub(super) times: Option<i16>,
    pub(super) asked_at: Option<jiff_sqlx::Timestamp>,
    pub(super) held: bool,
    pub(super) person_organisation: Option<String>,
    pub(super) worker: Option<String>,
    pub(super) name: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) person_since: Option<jiff_sqlx::Timestamp>,
    pub(super) changed_at: jiff_sqlx::Timestamp,
}

impl TryFrom<TaskRow> for Task {
    type Error = FollowupError;

    fn try_from(row: TaskRow) -> Result<Self, FollowupError> {
        let cell = |column| row.cell(column);
        let mut task = Self {
            id: row.task_id.into(),
            situation: row.situation_id.into(),
            referral: row.referral_id.into(),
            organisation: cell("organisation_id").parse(&row.organisation_id)?,
            zone: cell("zone").parse(&row.zone)?,
            urgency: cell("urgency").parse(&row.urgency)?,
            state: State::Open,
        };
        task.state = row.state()?;
        Ok(task)
    }
}

impl TaskRow {
    const fn cell(&self, column: &'static str) -> Cell {
        Cell {
            table: "task",
            column,
            row: self.task_id,
        }
    }

    fn state(&self) -> Result<State, FollowupError> {
        use knipperlicht_vocabulary::FollowUpState as Code;

        let cell = |column| self.cell(column);
        Ok(match cell("state").parse(&self.state)? {
            Code::Open => State::Open,
            Code::ContactAttempted => State::ContactAttempted,
            Code::Contacted => State::Contacted,
            Code::Scheduled => {
                let visit_at = self
                    .visit_at
                    .ok_or_else(|| cell("visit_at").bad(&"missing"))?;
                State::Scheduled {
                    visit_at: visit_at.to_jiff(),
                }
            }
            Code::Seen => State::Seen,
            Code::Missed => State::Missed,
            Code::Completed => {
                let (outcome, timeliness) = self.ending()?;
                if self.at_rest {
                    State::AtRest {
                        outcome,
                        timeliness,
                    }
                } else {
                    State::Completed {
                        outcome,
                        timeliness,
                    }
                }
            }
            Code::Confirmed => {
                let (outcome, timeliness) = self.ending()?;
                State::Confirmed {
                    outcome,
                    timeliness,
                }
            }
            Code::Reopened => State::Reopened,
        })
    }

    fn ending(&self) -> Result<(Outcome, Timeliness), FollowupError> {
        let cell = |column| self.cell(column);
        let result = cell("result").parse(self.result.as_deref().unwrap_or_default())?;
        let reason = self
            .reason
            .as_deref()
            .map(|reason| cell("reason").parse(reason))
            .transpose()?;
        let outcome = Outcome::new(result, reason).map_err(|error| cell("reason").bad(&error))?;
        let timeliness = match self.late {
            Some(true) => Timeliness::Late,
            Some(false) => Timeliness::InTime,
            None => return Err(cell("late").bad(&"missing")),
        };
        Ok((outcome, timeliness))
    }
}

impl TryFrom<TaskViewRow> for TaskView {
    type Error = FollowupError;

    fn try_from(row: TaskViewRow) -> Result<Self, FollowupError> {
        let next_clock = match (row.clock_id, row.clock_kind, row.due_at) {
            (Some(id), Some(kind), Some(due_at)) => Some(OpenClock::from_row(
                id,
                &kind,
                due_at,
                row.breached.unwrap_or_default(),
            )?),
            _ => None,
        };
        let question = match (row.times, row.asked_at) {
            (Some(times), Some(at)) => Some(Question {
                times,
                since: at.to_jiff(),
            }),
            _ => None,
        };
        let held = row.held;
        let changed_at = row.changed_at.to_jiff();
        let person = row
            .person_organisation
            .zip(row.person_since)
            .map(|(organisation, since)| {
                let worker = row.worker.as_deref().zip(row.name);
                contact_person(row.situation_id, &organisation, worker, row.phone, since)
            })
            .transpose()?;
        let task = TaskRow {
            task_id: row.task_id,
            situation_id: row.situation_id,
            referral_id: row.referral_id,
            organisation_id: row.organisation_id,
            zone: row.zone,
            urgency: row.urgency,
            state: row.state,
            visit_at: row.visit_at,
            result: row.result,
            reason: row.reason,
            late: row.late,
            at_rest: row.at_rest,
        };
        Ok(Self {
            task: task.try_into()?,
            next_clock,
            question,
            held,
            person,
            changed_at,
        })
    }
}
