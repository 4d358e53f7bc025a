//! Forgetting a situation: the other half of S10, and the proof that nothing of it can be read any
//! more.

mod asked;
mod by_itself;
mod exported;
mod forgotten;
mod order;
mod proof;
mod traces;
