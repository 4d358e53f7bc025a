//! Who asks ([`Principal`]), what they may do ([`CALLS`]), and the transaction that binds the
//! principal to everything the database lets through ([`Database`]).

mod calls;
mod claims;
mod database;
mod fetch;
mod guard;
mod issuer;
mod keyring;
mod keys;
mod page;
mod principal;
mod rate;
mod token;

pub use calls::{CALLS, allowed};
pub use claims::{ClaimNames, ClaimPath, ClaimPathError, RoleName, RoleNameError};
pub use database::{Database, DatabaseOptions, OwnedTransaction, Standing, can_be_overheard};
pub use guard::{Door, guard, principal_of};
pub use issuer::{DEV_ISSUER, DevIssuer, IssuerError, Person, Published};
pub use keyring::KeySource;
pub use page::page;
pub use principal::{Principal, Role};
pub use rate::{Peers, Rate, RateError, Rates};
pub use token::{AccessError, Admitted, TokenRules, Verifier};
