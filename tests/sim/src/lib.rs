//! All of Flanders for a year, on one core: invented carers, reporters and partners, and between them the
//! real rules.
//!
//! Nothing is decided here that a service decides: what a signal means is judged by the model of
//! assessment, who is asked by that of routing, what is promised and what a follow-up allows by that of
//! follow-up. Invented is how people behave, every figure of it in `data/assumptions.json`.
//!
//! - [`assumptions`]: what is taken for given. [`population`]: who lives where, and who is flagged when.
//! - [`world`]: what happens, in the order of time. [`desk`]: the partners and their hours.
//! - [`course`]: one situation. [`clock`]: its promises.
//! - [`tally`]: what is counted.
//! - [`capacity`]: how many hours a zone takes. [`load`]: what a region asks of machines.
//! - [`page`]: the page that says so.

pub mod assumptions;
pub mod capacity;
mod chance;
pub mod clock;
pub mod course;
pub mod desk;
pub mod load;
pub mod page;
pub mod population;
mod queue;
pub mod rules;
pub mod tally;
pub mod world;
