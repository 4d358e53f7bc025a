//! Typed ids: a signal's id can never be passed where a referral's is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Environment;

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form 0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b")]
pub struct IdError {
    text: String,
}

/// A UUID, version 8: a hash of `cause` and `name` behind the time of the cause. What is made at one
/// time so lies together in every index, however much is stored.
fn of_its_time(cause: Uuid, name: &str) -> Uuid {
    const TIME: usize = 6;
    let mut bytes = *Uuid::new_v5(&cause, name.as_bytes()).as_bytes();
    bytes[..TIME].copy_from_slice(&cause.as_bytes()[..TIME]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id: UUID version 7, so that ids sort by the time they were made.
            pub fn new(environment: &Environment) -> Self {
                Self(environment.uuid())
            }

            /// The id that `cause` always leads to, so that handling an event twice makes the
            /// same thing. `part` tells apart several things made by one cause.
            #[must_use]
            pub fn derived(cause: Uuid, part: &str) -> Self {
                Self(of_its_time(cause, &format!("{}:{part}", stringify!($name))))
            }

            /// The bare UUID, for storage and the wire.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match Uuid::try_parse(text) {
                    Ok(id) if !id.is_nil() => Ok(Self(id)),
                    _ => Err(IdError { text: text.chars().take(64).collect() }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_id! {
    /// One care situation: the pseudonymous thing everything is correlated by.
    SituationId;
    /// One observation by one reporter. Made on the reporter's phone.
    SignalId;
    /// An attempt to reach a carer.
    ContactId;
    /// Something that a partner wrote down about a carer.
    NoteId;
    /// One dated judgement of urgency and needs.
    AssessmentId;
    /// One form that was filled in. Made by whoever sends it.
    ResponseId;
    /// One request to one partner service.
    ReferralId;
    /// The follow-up of one accepted referral.
    TaskId;
    /// One running or stopped promise.
    ClockId;
    /// One thing a coordinator has to decide.
    ItemId;
    /// One question whether two situations are one.
    DuplicateId;
    /// One event, once said.
    EventId;
    /// One wish to be told, by webhook or by mail.
    SubscriptionId;
    /// One piece of news on its way to one subscription.
    DeliveryId;
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// 1 to 100 letters, digits, and `-`, `_`, `.`, `:`, `@`.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let fits = (1..=100).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:@".contains(&b));
                if fits {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError { text: text.chars().take(64).collect() })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text_id! {
    /// A professional, as named by the token's subject: an account, never a person's name.
    ReporterId;
    /// A partner organisation.
    OrganisationId;
    /// What a partner offers (a service in the sense of Open Referral HSDS).
    ServiceId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_lies_by_its_cause() {
        let cause: Uuid = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b".parse().unwrap();
        let first = SituationId::derived(cause, "situation");
        assert_eq!(first, SituationId::derived(cause, "situation"));
        assert!(first.to_string().starts_with("0190a3b2-7c4d-8"));
        // The kind, the part and the cause tell apart.
        assert_ne!(first.uuid(), TaskId::derived(cause, "situation").uuid());
        assert_ne!(first, SituationId::derived(cause, ""));
        let other: Uuid = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5c".parse().unwrap();
        assert_ne!(first, SituationId::derived(other, "situation"));
    }
}
