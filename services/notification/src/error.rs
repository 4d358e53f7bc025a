//! Everything that can be wrong with a call to notification.

use knipperlicht_privacy::VaultError;
use knipperlicht_runtime::{Coded, Kind};
use knipperlicht_vocabulary::{CodeError, IdError};

use crate::model::{endpoint::EndpointError, quiet::QuietHoursError};

/// Why a call to notification failed.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
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
    /// A code is not in its list.
    #[error("`{field}`: {source}")]
    Code {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: CodeError,
    },
    /// An address that no webhook may lead to.
    #[error("`webhook.url`: {0}")]
    Endpoint(#[from] EndpointError),
    /// A mail address that is none.
    #[error("`mail.address` is not a mail address such as onthaal@example.org")]
    Address,
    /// Hours that cannot be quiet.
    #[error("`mail.quiet_hours`: {0}")]
    QuietHours(#[from] QuietHoursError),
    /// There is none, or the caller may not see it.
    #[error("you have no subscription with this id")]
    NotFound,
    /// It is not clear whose news is wanted, or it is not the caller's to ask for.
    #[error("`zone_id`: say for which of your own zones")]
    Zone,
    /// Nobody told this system how mail goes out.
    #[error("this system sends no mail: ask for a webhook, or ask who runs it to set KL_SMTP_URL")]
    MailOff,
    /// The subscription has ended.
    #[error("this subscription has ended: make a new one")]
    Ended,
    /// Enough subscriptions for one owner.
    #[error("there are {0} subscriptions already: end one that is not used")]
    TooMany(i64),
    /// Not a page token of ours.
    #[error("`page_token` is not from an answer before: start without it")]
    PageToken,
    /// A mailbox has no secret.
    #[error("only a webhook has a secret")]
    NoSecret,
    /// The database is away.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A row that cannot be.
    #[error("row {row} of `{table}`: {what}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// The row.
        row: String,
        /// What is wrong with it.
        what: String,
    },
    /// What is sealed does not open.
    #[error("sealed: {0}")]
    Sealed(#[from] VaultError),
}

impl Coded for NotificationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing { .. }
            | Self::Id { .. }
            | Self::Code { .. }
            | Self::Endpoint(_)
            | Self::Address
            | Self::QuietHours(_)
            | Self::Zone
            | Self::PageToken
            | Self::NoSecret => Kind::Invalid,
            Self::NotFound => Kind::NotFound,
            Self::MailOff | Self::Ended => Kind::Conflict,
            Self::TooMany(_) => Kind::Exhausted,
            Self::Database(_) | Self::Sealed(VaultError::Away(_)) => Kind::Unavailable,
            Self::BadRow { .. } | Self::Sealed(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "KL5001",
            Self::Id { .. } => "KL5002",
            Self::Code { .. } => "KL5003",
            Self::Endpoint(_) => "KL5004",
            Self::Address => "KL5005",
            Self::NotFound => "KL5006",
            Self::Zone => "KL5007",
            Self::MailOff => "KL5008",
            Self::Ended => "KL5009",
            Self::TooMany(_) => "KL5010",
            Self::PageToken => "KL5011",
            Self::NoSecret => "KL5012",
            Self::Database(_) => "KL5013",
            Self::BadRow { .. } => "KL5014",
            Self::Sealed(VaultError::Away(_)) => "KL6002",
            Self::Sealed(_) => "KL5015",
            Self::QuietHours(_) => "KL5017",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Missing { field } | Self::Id { field, .. } | Self::Code { field, .. } => {
                Some(field)
            }
            Self::Endpoint(_) => Some("webhook.url"),
            Self::Address => Some("mail.address"),
            Self::QuietHours(_) => Some("mail.quiet_hours"),
            Self::Zone => Some("zone_id"),
            Self::PageToken => Some("page_token"),
            _ => None,
        }
    }
}
