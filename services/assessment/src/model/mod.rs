//! What assessment decides. Pure: no clock, no I/O, no random.

mod catalogue;
mod inputs;
pub mod instrument;
pub(crate) mod score;
mod texts;
mod triage;
pub mod voice;

pub use catalogue::{Catalogue, CatalogueFault};
pub use inputs::{Inputs, ResultInput, SignalInput};
pub use score::Score;
pub use texts::Texts;
pub use triage::{Judgement, Limit, Line, TableFault, TriageTable, TriageTables, Trigger};
