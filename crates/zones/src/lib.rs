//! Which primary-care zone (eerstelijnszone) serves a postal code on a day.
//!
//! The assignment changes with the law and with the municipalities, so every line of the table
//! is dated, every answer says how sure it is, and [`ZoneTable::version`] goes into each decision
//! that was based on it. Where the lines come from: `data/README.md` of this crate.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use knipperlicht_zones::ZoneTable;
//!
//! let table = ZoneTable::builtin()?;
//! let answer = table.resolve("8400".parse()?, jiff::civil::date(2024, 6, 1))?;
//! assert_eq!(answer.zone.id.as_str(), "oostende-bredene");
//! assert!(!answer.is_doubtful());
//! # Ok(())
//! # }
//! ```

mod error;
mod sheet;
mod table;
mod zone;

pub use error::{TableError, TableFile, ZoneError};
pub use table::{Resolution, ZoneTable};
pub use zone::{Confidence, Province, Zone};
