//! What the services say to each other.
//!
//! The modules named after services hold code generated from `proto/`; [`event`] is the
//! catalogue of events. Codes travel as the numbers of [`knipperlicht_vocabulary`]'s lists, which
//! a test keeps equal to the protos.

mod calls;
pub mod codec;
pub mod event;
mod personal;
mod time;

pub use calls::known_call;
pub use time::{TimeError, from_micros, from_proto, to_proto};

/// Every contract as a `FileDescriptorSet`, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

macro_rules! generated {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        pub mod $name {
            /// Version 1.
            #[allow(clippy::pedantic, missing_docs, reason = "generated code")]
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/knipperlicht.", stringify!($name), ".v1.rs"));
            }
        }
    )*};
}

generated! {
    /// The closed lists of codes.
    vocabulary
    /// Bodies of the events.
    events
    /// What those who keep the services running are told of each.
    operations
    /// Signals, situations, personal data and consent.
    intake
    /// What is needed, how soon, and why.
    assessment
    /// Zones, the directory, and referrals until accepted.
    routing
    /// From acceptance until the carer says it helped.
    followup
    /// Webhook and mail subscriptions, and what became of each delivery.
    notification
}
