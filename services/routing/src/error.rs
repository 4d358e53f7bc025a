//! Everything that can be wrong with a call to routing.

use knipperlicht_runtime::{Coded, Kind};
use knipperlicht_vocabulary::{
    CodeError, IdError, PostalCodeError, ServiceId, ZoneId, ZoneIdError,
};
use knipperlicht_zones::ZoneError;

use crate::model::{calls::Refusal, exchange::fault::FaultKind};

/// Why a call to routing failed.
#[derive(Debug, thiserror::Error)]
pub enum RoutingError {
    /// An id is malformed.
    #[error("`{field}`: {source}")]
    Id {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: IdError,
    },
    /// A code is not in its list.
    #[error("`{field}`: {source}")]
    Code {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: CodeError,
    },
    /// A postal code is malformed.
    #[error("{0}")]
    PostalCode(#[from] PostalCodeError),
    /// A zone id is malformed.
    #[error("{0}")]
    ZoneId(#[from] ZoneIdError),
    /// A day is malformed.
    #[error("`on` is not a day such as 2026-11-21")]
    Day,
    /// A postal code has no zone on that day.
    #[error("{0}")]
    NoZone(#[from] ZoneError),
    /// There is no such zone.
    #[error(
        "there is no primary-care zone `{0}`: ask ResolveZone which one a postal code belongs to"
    )]
    UnknownZone(ZoneId),
    /// Nothing is asked for.
    #[error("`needs` is empty: say at least one")]
    NoNeeds,
    /// A page token that we did not make.
    #[error("`page_token` is not one of ours: start again without it")]
    PageToken,
    /// Too many at once.
    #[error("`referral_ids` holds {0}: ask for at most 200 at a time")]
    TooManyIds(usize),
    /// The pieces of an import come in another order.
    #[error("first the options, once, then the pieces of the file")]
    ImportOrder,
    /// An import does not say in which form the file is.
    #[error("`options.format` has to be HSDS or CSV")]
    ImportFormat,
    /// A file is larger than any directory.
    #[error("the file has more than {0} bytes: bring it in as several files")]
    FileTooLarge(usize),
    /// Room that nobody can have stated yet.
    #[error("`stated_at` has to be a moment that has been: leave it out for now")]
    CapacityInFuture,
    /// A last day that is none.
    #[error("`until` has to be a day such as 2026-11-21, today or later")]
    Until,
    /// Room was stated later.
    #[error("what room the service has was stated later than that: load it again")]
    StatedLater,
    /// A partner speaks of another's service.
    #[error("`{0}` is not a service of yours: its own partner, or an admin, says what room it has")]
    NotYourService(ServiceId),
    /// The rules do not allow it now.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Somebody else changed it in the same moment.
    #[error("this changed in the meantime: look again, then decide")]
    Raced,
    /// The database is away.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A row that cannot be.
    #[error("row of `{table}`, column `{column}`: {what}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// A decision that cannot be written down.
    #[error("a decision could not be written down")]
    Unwritable(#[from] serde_json::Error),
    /// The demonstration's directory, which this program was built with, cannot be read.
    #[error("the demonstration's directory cannot be read: {0}")]
    DemoDirectory(String),
}

impl Coded for RoutingError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refusal) => match refusal {
                Refusal::Transition(_) | Refusal::Consent(_) | Refusal::FollowUpEnded => {
                    Kind::Conflict
                }
                Refusal::NoReferral | Refusal::NoItem | Refusal::NoService(_) => Kind::NotFound,
                Refusal::SameService(_) => Kind::Invalid,
            },
            Self::UnknownZone(_) => Kind::NotFound,
            Self::Raced | Self::StatedLater => Kind::Conflict,
            Self::NotYourService(_) => Kind::Forbidden,
            Self::Database(_) => Kind::Unavailable,
            Self::BadRow { .. } | Self::Unwritable(_) | Self::DemoDirectory(_) => Kind::Internal,
            Self::Id { .. }
            | Self::Code { .. }
            | Self::PostalCode(_)
            | Self::ZoneId(_)
            | Self::Day
            | Self::NoZone(_)
            | Self::NoNeeds
            | Self::TooManyIds(_)
            | Self::PageToken
            | Self::ImportOrder
            | Self::ImportFormat
            | Self::FileTooLarge(_)
            | Self::CapacityInFuture
            | Self::Until => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Id { .. } => "KL3001",
            Self::Code { .. } => "KL3002",
            Self::PostalCode(_) | Self::ZoneId(_) | Self::Day => "KL3003",
            Self::NoZone(_) => "KL3004",
            Self::UnknownZone(_) => "KL3005",
            Self::PageToken => "KL3006",
            Self::Refused(Refusal::NoReferral) => "KL3007",
            Self::Refused(Refusal::NoItem) => "KL3008",
            Self::Refused(Refusal::NoService(_)) => "KL3009",
            Self::Refused(Refusal::SameService(_)) => "KL3010",
            Self::Refused(Refusal::Transition(_)) => "KL3011",
            Self::Refused(Refusal::Consent(_)) => "KL3012",
            Self::Refused(Refusal::FollowUpEnded) => "KL3019",
            Self::Raced => "KL3013",
            Self::Database(_) => "KL3014",
            Self::BadRow { .. } => "KL3015",
            Self::Unwritable(_) => "KL3016",
            Self::DemoDirectory(_) => "KL3017",
            Self::NoNeeds => "KL3018",
            Self::TooManyIds(_) => "KL3020",
            Self::CapacityInFuture => FaultKind::CapacityInFuture.code(),
            Self::ImportOrder => "KL3113",
            Self::ImportFormat => "KL3114",
            Self::FileTooLarge(_) => "KL3115",
            Self::Until => "KL3116",
            Self::StatedLater => "KL3117",
            Self::NotYourService(_) => "KL3118",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Id { field, .. } | Self::Code { field, .. } => Some(field),
            Self::PostalCode(_) | Self::NoZone(_) => Some("postal_code"),
            Self::ZoneId(_) | Self::UnknownZone(_) => Some("zone_id"),
            Self::Day => Some("on"),
            Self::PageToken => Some("page_token"),
            Self::NoNeeds => Some("needs"),
            Self::TooManyIds(_) => Some("referral_ids"),
            Self::ImportOrder => Some("piece"),
            Self::ImportFormat => Some("options.format"),
            Self::FileTooLarge(_) => Some("chunk"),
            Self::CapacityInFuture | Self::StatedLater => Some("stated_at"),
            Self::Until => Some("until"),
            Self::Refused(Refusal::NoReferral | Refusal::FollowUpEnded) => Some("referral_id"),
            Self::Refused(Refusal::NoItem) => Some("item_id"),
            Self::NotYourService(_)
            | Self::Refused(Refusal::NoService(_) | Refusal::SameService(_)) => Some("service_id"),
            _ => None,
        }
    }
}
