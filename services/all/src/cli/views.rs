//! How messages look: one view for each, from which both the table and the JSON are made.
//!
//! Views keep the names of the protos, say codes as text and moments as RFC 3339.

mod assessment;
mod carer;
mod consent;
mod directory;
mod duplicate;
mod followup;
mod notify;
mod referral;
mod report;
mod route;
mod signal;
mod situation;
mod word;
mod zone;

pub(crate) use assessment::{AssessmentView, InstrumentView, ResultView, SeriesView};
pub(crate) use carer::{CardView, MySituationView, ToldReporterView};
pub(crate) use consent::{AdviceView, InformationCardView, WordingView};
pub(crate) use directory::{ImportLineView, ImportView, ListingView};
pub(crate) use duplicate::DuplicateView;
pub(crate) use followup::{
    CarerLinkView, ConfirmedView, HandedOverView, OpenLoopView, TaskView, TimelineEntryView,
};
pub(crate) use notify::{DeliveryView, RedeliveredView, SecretView, SubscriptionView};
pub(crate) use referral::{ActionsView, ItemView, ReferralView};
pub(crate) use report::ReportView;
pub(crate) use route::{ExplainedView, ExplanationView, UnmetNeedView};
pub(crate) use signal::{ContactsView, ProgressView, ReceiptView, RefusalView, SignalView};
pub(crate) use situation::{ErasedView, ErasureRequestView};
pub(crate) use word::{Moment, Word, words};
pub(crate) use zone::{ResolvedZoneView, ServiceView};

use jiff::tz::TimeZone;
use serde::Serialize;

/// What can be printed.
pub(crate) trait View: Serialize {
    /// Its headings and what stands under them, empty where nothing was said. Every view of a
    /// type has the same headings.
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)>;
}

#[cfg(test)]
mod tests;
