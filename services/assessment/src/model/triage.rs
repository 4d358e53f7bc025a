//! Triage: from what was noticed and measured to how soon someone must act and what is needed.
//!
//! The table is data, versioned; every line names its source. Red flags override weights.

mod judge;
mod table;
mod tables;

pub use judge::Judgement;
pub use table::{Limit, Line, TableFault, TriageTable, Trigger};
pub use tables::TriageTables;

#[cfg(test)]
mod tests;
