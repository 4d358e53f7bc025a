//! Links for carers without an account: the [`Token`] that opens one door, the [`Address`] it
//! stands in, and the printed [`card`](Card) with its QR code. Pure.
//!
//! Each service keeps the links to its own doors, as hashes. A token's hash differs from door to
//! door, so that a link that is meant for several is known to each service by another hash, and
//! none of them opens anything.

mod address;
mod card;
mod token;

pub use address::{Address, AddressError};
pub use card::{Card, CardError, CardLanguage};
pub use token::{Door, Token};
