//! The words of Knipperlicht as types.
//!
//! Everything the services say to each other or decide upon is built from these words, and a
//! value of one of these types is always valid: parsing happens at the edge, trust inside. The
//! crate is pure: no I/O, and time and randomness come in as parameters ([`Clock`], [`Random`]).

mod codes;
mod environment;
mod ids;
mod partition;
mod postal_code;
mod working_time;
mod zone_id;

pub use codes::{
    Actor, AgeBand, CapacityState, CarerAsk, ClockKind, CodeError, Consent, ContactChannel,
    ContactResult, DeclineReason, ErasureReason, FollowUpState, ItemKind, Language, MatchReason,
    Need, Observation, OutcomeReason, OutcomeResult, PerseveranceTime, QolLevel, ReferralState,
    ReporterRole, ResolutionReason, Rung, Step, Urgency,
};
pub use environment::{Clock, Environment, Random};
pub use ids::{
    AssessmentId, ClockId, ContactId, DeliveryId, DuplicateId, EventId, IdError, ItemId, NoteId,
    OrganisationId, ReferralId, ReporterId, ResponseId, ServiceId, SignalId, SituationId,
    SubscriptionId, TaskId,
};
pub use partition::{PARTITIONS, Partition};
pub use postal_code::{PostalCode, PostalCodeError, Region};
pub use working_time::{CalendarError, Holiday, OpeningHours, Within, WorkingCalendar};
pub use zone_id::{ZoneId, ZoneIdError};
