//! Everything that can be wrong with a call to intake.

use knipperlicht_contracts::TimeError;
use knipperlicht_links::CardError;
use knipperlicht_privacy::VaultError;
use knipperlicht_runtime::{Coded, Kind};
use knipperlicht_vocabulary::{CodeError, IdError, PostalCodeError};
use knipperlicht_zones::ZoneError;

use crate::model::{IdentityFault, MergeRefusal};

/// Why a call to intake failed.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// A mandatory field is empty.
    #[error("`{field}` is missing: fill it in and send again")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// An id is malformed.
    #[error("{source}")]
    Id {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: IdError,
    },
    /// A code is not in its list.
    #[error("{source}")]
    Code {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: CodeError,
    },
    /// Nothing was noticed.
    #[error("say what you noticed: `signal.observations` needs at least one code")]
    NoObservations,
    /// A postal code is malformed.
    #[error("{0}")]
    PostalCode(#[from] PostalCodeError),
    /// A postal code lies outside Flanders and Brussels, is unknown, or was on that day.
    #[error("{0}")]
    Zone(#[from] ZoneError),
    /// A text is too long or too short.
    #[error("`{field}` has {length} characters: {limit}")]
    Length {
        /// The field.
        field: &'static str,
        /// How many characters it has.
        length: usize,
        /// What it should have.
        limit: &'static str,
    },
    /// A moment that cannot be.
    #[error("`signal.reported_at` lies {0}: check the clock of the phone")]
    ReportedAt(&'static str),
    /// A moment that is not one.
    #[error("`signal.reported_at`: {0}")]
    Time(#[from] TimeError),
    /// What says who it is cannot be.
    #[error("{0}")]
    Identity(#[from] IdentityFault),
    /// Situations that cannot become one, or two again.
    #[error("{0}")]
    Merge(#[from] MergeRefusal),
    /// Consent that a reporter cannot start with.
    #[error("`{field}`: {reason}")]
    Consent {
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The id stands for another signal.
    #[error("signal {0} was sent before with other content: give this one an id of its own")]
    IdReused(String),
    /// Too many signals in one batch.
    #[error("`signals` holds {0}: send at most 100 at a time")]
    TooMany(usize),
    /// A page token that we did not make.
    #[error("`page_token` is not one of ours: start again without it")]
    PageToken,
    /// The caller has no such thing.
    #[error("you have no {what} with this id")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// A partner has accepted: it can no longer be taken back.
    #[error(
        "a partner has taken this up already: it can no longer be withdrawn; withdraw consent instead if the carer wants to stop"
    )]
    AlreadyAccepted,
    /// The situation was forgotten.
    #[error(
        "this situation was erased, and nothing of it is kept: flag anew what you notice from now on, as a new signal"
    )]
    Erased,
    /// The signal was taken back.
    #[error("this signal was withdrawn")]
    Withdrawn,
    /// The carer does not, or no longer, agree.
    #[error("the carer did not agree, or no longer agrees, that you learn who they are")]
    NoConsent,
    /// Nobody made such a link, it is for something else, or it was taken back.
    #[error("this link does not work (any more): ask the person who gave it to you for a new one")]
    LinkUnknown,
    /// The link is too old.
    #[error("this link has expired: ask the person who gave it to you for a new one")]
    LinkExpired,
    /// Something was said to be seen that was not told.
    #[error(
        "`seen` holds a step that this signal was not told: send `step` and `at` as they were received"
    )]
    NotTold,
    /// Too many steps at once.
    #[error("`seen` holds {0}: send at most 100 at a time")]
    TooManySteps(usize),
    /// Nothing is closed that could open again.
    #[error(
        "nothing is closed yet, so nothing can be opened again: somebody is at work on it, or it was not shared"
    )]
    NotClosed,
    /// A vital interest that was not read cannot be taken note of.
    #[error("read first why it outweighs consent, with `ReadVitalInterest`: then take note of it")]
    ReasonNotRead,
    /// A card was scanned very often in a short time.
    #[error(
        "this card was used very often just now: try again in an hour; in need call 112, or 106 to talk"
    )]
    CardUsedTooOften,
    /// No card can be made of a link.
    #[error("{0}: begin links with a shorter address (KL_CARER_ADDRESS)")]
    Card(#[from] CardError),
    /// Too many signals at once.
    #[error("too many signals at once: nothing was stored, send it again in a moment")]
    Overloaded,
    /// The database is away.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// The commit took too long.
    #[error("the database did not answer in time")]
    TooSlow,
    /// A row that cannot be.
    #[error("row of `{table}`: {what}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// What is in the vault cannot be opened.
    #[error("vault")]
    Vault(#[from] VaultError),
}

impl Coded for IntakeError {
    fn kind(&self) -> Kind {
        match self {
            Self::IdReused(_)
            | Self::AlreadyAccepted
            | Self::Withdrawn
            | Self::Merge(_)
            | Self::LinkExpired
            | Self::NotClosed
            | Self::ReasonNotRead
            | Self::Erased => Kind::Conflict,
            Self::NotFound { .. } | Self::LinkUnknown => Kind::NotFound,
            Self::NoConsent => Kind::Forbidden,
            Self::Overloaded | Self::CardUsedTooOften => Kind::Exhausted,
            Self::Database(_) | Self::TooSlow | Self::Vault(VaultError::Away(_)) => {
                Kind::Unavailable
            }
            Self::BadRow { .. } | Self::Vault(_) | Self::Card(_) => Kind::Internal,
            _ => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "KL1001",
            Self::Id { .. } => "KL1002",
            Self::Code { .. } => "KL1003",
            Self::NoObservations => "KL1004",
            Self::PostalCode(_) => "KL1005",
            Self::Zone(ZoneError::Unknown { .. }) => "KL1006",
            Self::Zone(ZoneError::Walloon { .. }) => "KL1007",
            Self::Zone(ZoneError::DateOutsideTable { .. }) => "KL1008",
            Self::Length { .. } => "KL1009",
            Self::ReportedAt(_) | Self::Time(_) => "KL1010",
            Self::Consent { .. } => "KL1011",
            Self::IdReused(_) => "KL1012",
            Self::TooMany(_) => "KL1013",
            Self::PageToken => "KL1014",
            Self::NotFound { .. } => "KL1015",
            Self::AlreadyAccepted => "KL1016",
            Self::Withdrawn => "KL1017",
            Self::NoConsent => "KL1018",
            Self::Overloaded => "KL1019",
            Self::Database(_) | Self::TooSlow => "KL1020",
            Self::BadRow { .. } => "KL1021",
            Self::Vault(VaultError::Away(_)) => "KL6002",
            Self::Vault(_) => "KL1022",
            Self::Identity(
                IdentityFault::NationalNumberForm | IdentityFault::NationalNumberCheck,
            ) => "KL1023",
            Self::Identity(IdentityFault::BirthYear) => "KL1024",
            Self::Merge(MergeRefusal::ActedOn) => "KL1025",
            Self::Merge(MergeRefusal::MergedOn(_)) => "KL1026",
            Self::Merge(MergeRefusal::Merged | MergeRefusal::NotMerged) => "KL1027",
            Self::ReasonNotRead => "KL1036",
            Self::Erased => "KL1028",
            Self::LinkUnknown => "KL1041",
            Self::LinkExpired => "KL1042",
            Self::NotTold | Self::TooManySteps(_) => "KL1043",
            Self::NotClosed => "KL1044",
            Self::CardUsedTooOften => "KL1045",
            Self::Card(_) => "KL1046",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Missing { field }
            | Self::Id { field, .. }
            | Self::Code { field, .. }
            | Self::Length { field, .. }
            | Self::Consent { field, .. } => Some(field),
            Self::Identity(IdentityFault::BirthYear) => Some("signal.contact.birth_year"),
            Self::Identity(_) => Some("signal.contact.national_number"),
            Self::Merge(_) => Some("resolution"),
            Self::NoObservations => Some("signal.observations"),
            Self::PostalCode(_) | Self::Zone(_) => Some("signal.postal_code"),
            Self::ReportedAt(_) | Self::Time(_) => Some("signal.reported_at"),
            Self::IdReused(_) => Some("signal.signal_id"),
            Self::TooMany(_) => Some("signals"),
            Self::PageToken => Some("page_token"),
            Self::NotTold | Self::TooManySteps(_) => Some("seen"),
            _ => None,
        }
    }
}
