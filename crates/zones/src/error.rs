//! What can go wrong: with a look-up, and with a file.

use std::fmt;

use jiff::civil::Date;
use knipperlicht_vocabulary::PostalCode;

/// Why no zone answers to a postal code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// Wallonia has no primary-care zones.
    #[error(
        "{postal_code} lies in Wallonia, outside the primary-care zones of Flanders and Brussels: \
         check the postal code, or turn to a carers' association there"
    )]
    Walloon {
        /// The postal code asked for.
        postal_code: PostalCode,
    },
    /// In Flanders or Brussels by its range, but no place had it on that day.
    #[error(
        "{postal_code} is not the postal code of a municipality in Flanders or Brussels: check the \
         digits (an organisation's own postal code does not count, take the one of the place)"
    )]
    Unknown {
        /// The postal code asked for.
        postal_code: PostalCode,
    },
    /// A day from before the zones.
    #[error("the zone table starts on {from}, so it cannot tell a zone on {date}")]
    DateOutsideTable {
        /// The day asked for.
        date: Date,
        /// The first day in the table.
        from: Date,
    },
}

/// One of the two files that make a zone table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableFile {
    /// The zones themselves.
    Zones,
    /// Which postal code belongs to which zone, and when.
    PostalCodes,
}

impl fmt::Display for TableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zones => "zones.csv",
            Self::PostalCodes => "postal_codes.csv",
        })
    }
}

/// Why two files do not make a zone table. Lines count from 1, the line of column names.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Not CSV, or a line with more or fewer cells than there are columns.
    #[error("{file}, line {line}: not readable as CSV")]
    Unreadable {
        /// The file.
        file: TableFile,
        /// The line, or 1 if the reader could not tell.
        line: u64,
        /// What the reader met.
        source: csv::Error,
    },
    /// A column that has to be there is not.
    #[error("{file}, line 1: there is no column {column}")]
    NoColumn {
        /// The file.
        file: TableFile,
        /// The missing column.
        column: &'static str,
    },
    /// A cell that does not say what its column is for.
    #[error("{file}, line {line}, column {column}: `{found}` is not {expected}")]
    Cell {
        /// The file.
        file: TableFile,
        /// The line.
        line: u64,
        /// The column.
        column: &'static str,
        /// What the cell says.
        found: String,
        /// What it should say.
        expected: &'static str,
    },
    /// Two lines that say something about one municipality at the same time.
    #[error(
        "{file}, line {line}, column valid_from: {postal_code} {municipality} already has a zone \
         then, by line {other_line}: let one period end before the next begins"
    )]
    Overlap {
        /// The file.
        file: TableFile,
        /// The later line.
        line: u64,
        /// The earlier line.
        other_line: u64,
        /// The postal code of both.
        postal_code: PostalCode,
        /// The municipality of both.
        municipality: String,
    },
    /// Column names and nothing below them.
    #[error("{file}, line 1: nothing follows the column names")]
    Empty {
        /// The file.
        file: TableFile,
    },
}
