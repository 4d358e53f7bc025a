//! Everything that can be wrong with a call to assessment.

use knipperlicht_contracts::TimeError;
use knipperlicht_runtime::{Coded, Kind};
use knipperlicht_vocabulary::IdError;

use crate::model::instrument::AnswerFault;

/// Why a call to assessment failed.
#[derive(Debug, thiserror::Error)]
pub enum AssessmentError {
    /// A mandatory field is empty.
    #[error("`{field}` is missing: fill it in and send again")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// An id is malformed.
    #[error("`{field}`: {source}")]
    Id {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: IdError,
    },
    /// No such instrument, or not in this version.
    #[error("`{field}`: {known}")]
    Instrument {
        /// The field.
        field: &'static str,
        /// What there is.
        known: String,
    },
    /// An item was answered twice.
    #[error("`answers`: `{item}` is answered twice")]
    AnsweredTwice {
        /// The item.
        item: String,
    },
    /// Answers and a total, or neither.
    #[error("give either `answers` or `total`")]
    Entry,
    /// The form cannot be scored.
    #[error("`{field}`: {0}", field = answer_field(.0))]
    Answers(#[from] AnswerFault),
    /// A total that is no score.
    #[error("`total`: {0}")]
    Total(#[from] crate::model::score::NoScore),
    /// A moment that is not one.
    #[error("`answered_at`: {0}")]
    Time(#[from] TimeError),
    /// A moment that has not come.
    #[error("`answered_at` has not come yet: say when the form was filled in")]
    Future,
    /// There is none, or the caller may not see it.
    #[error("there is no {what} with this id that you may see")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The id is another form's.
    #[error("`response_id` is the id of another form: make a new id for a new form")]
    OtherForm,
    /// Nothing is left that a form could be added to.
    #[error(
        "no signal of this situation stands that a form could be added to: flag it again first"
    )]
    NothingStands,
    /// Others changed the situation again and again.
    #[error("others changed this situation at the same time")]
    Crowded,
    /// The database is away.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A row that cannot be.
    #[error("row of `{table}`: {what}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

/// The field that says it.
const fn answer_field(fault: &AnswerFault) -> &'static str {
    match fault {
        AnswerFault::Total { .. } => "total",
        _ => "answers",
    }
}

impl Coded for AssessmentError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing { .. }
            | Self::Id { .. }
            | Self::Instrument { .. }
            | Self::AnsweredTwice { .. }
            | Self::Entry
            | Self::Answers(_)
            | Self::Total(_)
            | Self::Time(_)
            | Self::Future => Kind::Invalid,
            Self::NotFound { .. } => Kind::NotFound,
            Self::OtherForm | Self::NothingStands => Kind::Conflict,
            Self::Crowded | Self::Database(_) => Kind::Unavailable,
            Self::BadRow { .. } => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Id { .. } => "KL2001",
            Self::NotFound { .. } => "KL2002",
            Self::Database(_) | Self::Crowded => "KL2003",
            Self::BadRow { .. } => "KL2004",
            Self::Missing { .. } => "KL2005",
            Self::Instrument { .. } => "KL2006",
            Self::Entry | Self::Answers(AnswerFault::Way { .. }) => "KL2007",
            Self::AnsweredTwice { .. }
            | Self::Answers(
                AnswerFault::Item { .. }
                | AnswerFault::Answer { .. }
                | AnswerFault::NotAsked { .. },
            ) => "KL2008",
            Self::Answers(AnswerFault::Missing { .. }) => "KL2009",
            Self::Total(_) | Self::Answers(AnswerFault::Total { .. }) => "KL2010",
            Self::Time(_) | Self::Future => "KL2011",
            Self::OtherForm => "KL2012",
            Self::NothingStands => "KL2013",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Missing { field } | Self::Id { field, .. } | Self::Instrument { field, .. } => {
                Some(field)
            }
            Self::AnsweredTwice { .. } | Self::Entry => Some("answers"),
            Self::Answers(fault) => Some(answer_field(fault)),
            Self::Total(_) => Some("total"),
            Self::Time(_) | Self::Future => Some("answered_at"),
            Self::OtherForm => Some("response_id"),
            Self::NothingStands => Some("situation_id"),
            Self::NotFound { .. } | Self::Crowded | Self::Database(_) | Self::BadRow { .. } => None,
        }
    }
}
