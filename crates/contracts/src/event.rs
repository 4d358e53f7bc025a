//! The catalogue of events: which there are, who says them, and how they are told apart.

use prost::Message;

use crate::events::v1 as body;

/// The services that say or hear events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Signals, situations, personal data and consent.
    Intake,
    /// What is needed, how soon, and why.
    Assessment,
    /// Zones, the directory, and referrals until accepted.
    Routing,
    /// From acceptance until the carer says it helped.
    Followup,
    /// Webhooks and mails: hears everything and says nothing.
    Notification,
}

impl Service {
    /// Every service that takes part.
    pub const ALL: &[Self] = &[
        Self::Intake,
        Self::Assessment,
        Self::Routing,
        Self::Followup,
        Self::Notification,
    ];

    /// Its name: schema, `ce-source`, consumer names and `--target`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Assessment => "assessment",
            Self::Routing => "routing",
            Self::Followup => "followup",
            Self::Notification => "notification",
        }
    }

    /// The service of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|service| service.name() == name)
    }

    /// What its events are about: the `<aggregate>` part of their subjects.
    #[must_use]
    pub const fn aggregates(self) -> &'static [&'static str] {
        match self {
            Self::Intake => &["signal", "situation"],
            Self::Assessment => &["assessment"],
            Self::Routing => &["referral"],
            Self::Followup => &["followup"],
            Self::Notification => &[],
        }
    }
}

/// A body that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvent {
    /// Nobody here knows this type: it was said by a newer version, or is not ours.
    #[error("unknown event type `{0}`")]
    UnknownType(String),
    /// The bytes are not what the type promises.
    #[error("undecodable body of `{0}`: {1}")]
    Undecodable(String, prost::DecodeError),
}

macro_rules! catalogue {
    ($($name:ident $service:ident $aggregate:literal $event:literal)*) => {
        /// One fact that a service tells the others.
        #[derive(Debug, Clone, PartialEq)]
        pub enum EventBody {
            $(
                #[doc = concat!("See `", stringify!($name), "` in the protos.")]
                $name(body::$name),
            )*
            /// Nothing any more: whatever was said in this place was forgotten since. It keeps the
            /// place, so that what was said after it is not waited for in vain.
            Forgotten,
        }

        impl EventBody {
            /// The type of what was forgotten.
            pub const FORGOTTEN: &str = "knipperlicht.forgotten.v1";

            /// The type of every event there is.
            pub const TYPES: &[&str] = &[
                $(concat!("knipperlicht.", $aggregate, ".", $event, ".v1"),)*
            ];

            /// Its type, as in `ce-type`.
            #[must_use]
            pub const fn event_type(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => concat!("knipperlicht.", $aggregate, ".", $event, ".v1"),)*
                    Self::Forgotten => Self::FORGOTTEN,
                }
            }

            /// Whether it is for this service to say. What was forgotten was said by any.
            #[must_use]
            pub fn is_said_by(&self, service: Service) -> bool {
                match self {
                    $(Self::$name(_) => matches!(service, Service::$service),)*
                    Self::Forgotten => true,
                }
            }

            /// The last part of its subject: `<aggregate>.<event>.v1`.
            #[must_use]
            pub const fn subject_tail(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => concat!($aggregate, ".", $event, ".v1"),)*
                    Self::Forgotten => "forgotten.v1",
                }
            }

            /// Its body as bytes.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self {
                    $(Self::$name(message) => message.encode_to_vec(),)*
                    Self::Forgotten => Vec::new(),
                }
            }

            /// Reads a body of the given type.
            pub fn decode(event_type: &str, bytes: &[u8]) -> Result<Self, UnreadableEvent> {
                match event_type {
                    $(concat!("knipperlicht.", $aggregate, ".", $event, ".v1") => {
                        body::$name::decode(bytes).map(Self::$name).map_err(|error| {
                            UnreadableEvent::Undecodable(event_type.to_owned(), error)
                        })
                    })*
                    Self::FORGOTTEN => Ok(Self::Forgotten),
                    _ => Err(UnreadableEvent::UnknownType(event_type.to_owned())),
                }
            }
        }

        $(
            impl From<body::$name> for EventBody {
                fn from(message: body::$name) -> Self {
                    Self::$name(message)
                }
            }
        )*
    };
}

catalogue! {
    SignalFlagged Intake "signal" "flagged"
    SignalWithdrawn Intake "signal" "withdrawn"
    ConsentChanged Intake "situation" "consent_changed"
    SituationShared Intake "situation" "shared"
    SituationsMerged Intake "situation" "merged"
    SituationsSplit Intake "situation" "split"
    AssessmentCompleted Assessment "assessment" "completed"
    ReferralRequested Routing "referral" "requested"
    ReferralUnroutable Routing "referral" "unroutable"
    ItemClosed Routing "referral" "item_closed"
    ReferralWithheld Routing "referral" "withheld"
    ReferralRaised Routing "referral" "raised"
    ReferralAccepted Routing "referral" "accepted"
    ReferralDeclined Routing "referral" "declined"
    ReferralRedirected Routing "referral" "redirected"
    ReferralHeld Routing "referral" "held"
    ReferralExpired Routing "referral" "expired"
    ReferralCancelled Routing "referral" "cancelled"
    ClockBreached Followup "followup" "clock_breached"
    ClockSettled Followup "followup" "clock_settled"
    ContactRecorded Followup "followup" "contact_recorded"
    ContactPersonNamed Followup "followup" "contact_person_named"
    VisitPlanned Followup "followup" "visit_planned"
    VisitEnded Followup "followup" "visit_ended"
    FollowUpCompleted Followup "followup" "completed"
    OutcomeConfirmed Followup "followup" "confirmed"
    SituationReopened Followup "followup" "reopened"
    ReopenAsked Intake "situation" "reopen_asked"
    VitalInterestAcknowledged Intake "situation" "vital_interest_acknowledged"
    CarerAsked Followup "followup" "carer_asked"
    CarerAnswered Followup "followup" "carer_answered"
    CarerLinkMade Followup "followup" "link_made"
    CarerLinksTakenBack Followup "followup" "links_taken_back"
    LoopClosed Followup "followup" "loop_closed"
    SituationErased Intake "situation" "erased"
}
