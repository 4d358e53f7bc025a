//! Who asks ([`Principal`]), what they may do ([`CALLS`]), and the transaction that binds the
//! principal to everything the database lets through ([`Database`]).

mod calls;
mod database;
mod guard;
mod issuer;
mod page;
mod principal;
mod rate;
mod token;

pub use calls::{CALLS, allowed};
pub use database::{Database, DatabaseOptions, OwnedTransaction, Standing, can_be_overheard};
pub use guard::{Door, guard, principal_of};
pub use issuer::{DevIssuer, IssuerError, Person};
pub use page::page;
pub use principal::{Principal, Role};
pub use rate::{Peers, Rate, RateError, Rates};
pub use token::{AccessError, TokenRules, Verifier};
