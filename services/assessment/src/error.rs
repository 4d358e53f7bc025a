//! Everything that can be wrong with a call to assessment.

use knipperlicht_runtime::{Coded, Kind};
use knipperlicht_vocabulary::IdError;

/// Why a call to assessment failed.
#[derive(Debug, thiserror::Error)]
pub enum AssessmentError {
    /// An id is malformed.
    #[error("{source}")]
    Id {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: IdError,
    },
    /// There is none in the caller's zones.
    #[error("there is no assessment with this id in your zones")]
    NotFound,
    /// The database is away.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A row that cannot be.
    #[error("row of `assessment`: {0}")]
    BadRow(String),
}

impl Coded for AssessmentError {
    fn kind(&self) -> Kind {
        match self {
            Self::Id { .. } => Kind::Invalid,
            Self::NotFound => Kind::NotFound,
            Self::Database(_) => Kind::Unavailable,
            Self::BadRow(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Id { .. } => "KL2001",
            Self::NotFound => "KL2002",
            Self::Database(_) => "KL2003",
            Self::BadRow(_) => "KL2004",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Id { field, .. } => Some(field),
            _ => None,
        }
    }
}
