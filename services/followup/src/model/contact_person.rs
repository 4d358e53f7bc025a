//! Who is there for a carer.

use jiff::Timestamp;
use knipperlicht_vocabulary::{OrganisationId, ReporterId};

/// A name is at most so long, in characters.
const LONGEST_NAME: usize = 100;

/// A phone number is at most so long, in characters.
const LONGEST_PHONE: usize = 30;

/// Who is there for a carer, from acceptance on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPerson {
    /// The partner organisation.
    pub organisation: OrganisationId,
    /// One of its workers, once somebody is named.
    pub worker: Option<Worker>,
    /// Since when.
    pub since: Timestamp,
}

/// A partner's worker as carers know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The account.
    pub account: ReporterId,
    /// The name that the carer hears.
    pub name: String,
    /// Where the carer can call them.
    pub phone: Option<String>,
}

/// What cannot be a worker's name or number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// Nobody knows whom to ask for.
    #[error("`name` is missing: say the name that the carer hears")]
    Nameless,
    /// Too long to be a name.
    #[error("`name` is longer than {LONGEST_NAME} characters")]
    LongName,
    /// Too long to be a number.
    #[error("`phone` is longer than {LONGEST_PHONE} characters")]
    LongPhone,
}

impl WorkerError {
    /// What it is about.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Nameless | Self::LongName => "name",
            Self::LongPhone => "phone",
        }
    }
}

impl Worker {
    /// A worker, as a desk wrote them down.
    pub fn new(account: ReporterId, name: &str, phone: &str) -> Result<Self, WorkerError> {
        let (name, phone) = (name.trim(), phone.trim());
        if name.is_empty() {
            return Err(WorkerError::Nameless);
        }
        if name.chars().count() > LONGEST_NAME {
            return Err(WorkerError::LongName);
        }
        if phone.chars().count() > LONGEST_PHONE {
            return Err(WorkerError::LongPhone);
        }
        Ok(Self {
            account,
            name: name.to_owned(),
            phone: Some(phone.to_owned()).filter(|phone| !phone.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_name_of_some_length() {
        let worker = |name: &str, phone: &str| {
            let account = "worker-1".parse().unwrap();
            Worker::new(account, name, phone).map(|worker| (worker.name, worker.phone))
        };
        assert_eq!(worker(" Els Maes ", " "), Ok(("Els Maes".to_owned(), None)));
        assert_eq!(worker(" ", "059 1"), Err(WorkerError::Nameless));
        assert!(worker(&"é".repeat(100), &"1".repeat(30)).is_ok());
        assert_eq!(worker(&"e".repeat(101), ""), Err(WorkerError::LongName));
        assert_eq!(worker("Els", &"1".repeat(31)), Err(WorkerError::LongPhone));
    }
}
