//! Everything that can be wrong with a call to follow-up.

use knipperlicht_contracts::TimeError;
use knipperlicht_links::CardError;
use knipperlicht_runtime::{Coded, Kind};
use knipperlicht_vocabulary::{CodeError, IdError, ZoneIdError};

use crate::model::{
    InvalidTransition, MayStillAnswer, ReasonMissing, TriedTooLittle, VisitTimeError, WorkerError,
    report::PeriodError,
};

/// Why a call to follow-up failed.
#[derive(Debug, thiserror::Error)]
pub enum FollowupError {
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
    /// Too many at once.
    #[error("`referral_ids` holds {0}: ask for at most 200 at a time")]
    TooMany(usize),
    /// A code is not in its list.
    #[error("`{field}`: {source}")]
    Code {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: CodeError,
    },
    /// A moment that is not one.
    #[error("`visit_at`: {0}")]
    Time(#[from] TimeError),
    /// A moment at which no visit can be planned.
    #[error("{0}")]
    VisitTime(#[from] VisitTimeError),
    /// An outcome without its reason.
    #[error("{0}")]
    Reason(#[from] ReasonMissing),
    /// Too early to call a carer unreachable.
    #[error("{0}")]
    TooEarly(#[from] TriedTooLittle),
    /// Too early to close the loop without the carer's word.
    #[error("{0}")]
    Unheard(#[from] MayStillAnswer),
    /// An attempt was recorded before under this id, and was another one.
    #[error("`contact_id` was used before for another attempt: make a new one")]
    ContactKnown,
    /// Not a worker whom a carer can ask for.
    #[error("{0}")]
    Worker(#[from] WorkerError),
    /// Another organisation is there for the carer.
    #[error(
        "another organisation is the contact for this carer: agree with it, or let a coordinator decide"
    )]
    OthersContact,
    /// A period over which no report is made.
    #[error("{0}")]
    Period(#[from] PeriodError),
    /// Not a zone's id.
    #[error("`zone_id`: {0}")]
    Zone(#[from] ZoneIdError),
    /// There is none, or the caller may not see it.
    #[error("you have no {what} with this id")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The follow-up stands elsewhere.
    #[error("{0}")]
    Transition(#[from] InvalidTransition),
    /// Nobody made such a link, or it was taken back.
    #[error("this link does not work (any more): ask the person who helps you for a new one")]
    LinkUnknown,
    /// The link is too old.
    #[error("this link has expired: ask the person who helps you for a new one")]
    LinkExpired,
    /// The link was answered before.
    #[error("this link was used before: your answer is known; ask for a new link to change it")]
    LinkUsed,
    /// The carer does not, or no longer, agree.
    #[error("the carer does not agree, or no longer: nothing can be done here until they do")]
    Held,
    /// Some of CarerQol-7D was left out.
    #[error("`how_are_you.quality_of_life` needs all seven answers, or none")]
    HalfAnswered,
    /// No card can be made of a link.
    #[error("{0}: begin links with a shorter address (KL_CARER_ADDRESS)")]
    Card(#[from] CardError),
    /// The database is away.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A row that cannot be.
    #[error("row {row} of `{table}`: {column}: {what}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        row: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Coded for FollowupError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing { .. }
            | Self::Id { .. }
            | Self::TooMany(_)
            | Self::Code { .. }
            | Self::Time(_)
            | Self::VisitTime(_)
            | Self::Reason(_)
            | Self::HalfAnswered
            | Self::Worker(_)
            | Self::Period(_)
            | Self::Zone(_) => Kind::Invalid,
            Self::NotFound { .. } | Self::LinkUnknown => Kind::NotFound,
            Self::Transition(_)
            | Self::LinkExpired
            | Self::LinkUsed
            | Self::Held
            | Self::TooEarly(_)
            | Self::Unheard(_)
            | Self::ContactKnown
            | Self::OthersContact => Kind::Conflict,
            Self::Database(_) => Kind::Unavailable,
            Self::BadRow { .. } | Self::Card(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "KL4001",
            Self::Id { .. } => "KL4002",
            Self::Code { .. } => "KL4003",
            Self::Time(_) | Self::VisitTime(_) => "KL4004",
            Self::Reason(_) => "KL4005",
            Self::NotFound { .. } => "KL4006",
            Self::Transition(_) => "KL4007",
            Self::LinkUnknown => "KL4008",
            Self::LinkExpired => "KL4009",
            Self::LinkUsed => "KL4010",
            Self::Database(_) => "KL4011",
            Self::BadRow { .. } => "KL4012",
            Self::TooEarly(_) => "KL4017",
            Self::Unheard(_) => "KL4018",
            Self::ContactKnown => "KL4014",
            Self::Worker(_) => "KL4015",
            Self::OthersContact => "KL4016",
            Self::Held => "KL4021",
            Self::HalfAnswered => "KL4022",
            Self::Card(_) => "KL4023",
            Self::Period(_) => "KL4031",
            Self::Zone(_) => "KL4032",
            Self::TooMany(_) => "KL4033",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Missing { field } | Self::Id { field, .. } | Self::Code { field, .. } => {
                Some(field)
            }
            Self::Time(_) | Self::VisitTime(_) => Some("visit_at"),
            Self::Reason(_) | Self::TooEarly(_) => Some("reason"),
            Self::ContactKnown => Some("contact_id"),
            Self::Worker(error) => Some(error.field()),
            Self::HalfAnswered => Some("how_are_you.quality_of_life"),
            Self::Period(_) => Some("from"),
            Self::Zone(_) => Some("zone_id"),
            Self::TooMany(_) => Some("referral_ids"),
            _ => None,
        }
    }
}
