//! What assessment decides. Pure: no clock, no I/O, no random.

mod triage;

pub use triage::{Judgement, Line, TableFault, TriageTable};
