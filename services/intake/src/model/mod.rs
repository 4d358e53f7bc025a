//! What intake decides. Pure: no clock, no I/O, no random.

mod advice;
mod consent;
mod helplines;
mod identity;
mod matching;
mod merging;
mod retention;
mod signal;
mod steps;

pub use advice::{Advice, LANGUAGES, ReadingKind, Wording};
pub use consent::{ConsentMove, change_consent, first_consent, may_learn};
pub use helplines::{Helpline, call_now};
pub use identity::{IdentityFault, KeyKind, MatchText, Said, match_texts};
pub use matching::{Candidate, MatchKey, Meeting, Question, SCANNED, meet, meet_unproven};
pub use merging::{
    Answered, Held, MergeRefusal, Pair, Resolution, Standing, Word, answer, joined_consent,
    may_split, merged_consent, split_consents, split_objections,
};
pub use retention::{Retention, is_over};
pub use signal::{MomentFault, check_reported_at};
pub use steps::{
    Seen, SignalFacts, TakenStep, current_step, may_reopen, may_withdraw, told, without_repeats,
};

#[cfg(test)]
mod rule3;
