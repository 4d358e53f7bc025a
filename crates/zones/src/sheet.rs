//! Reading CSV such that every complaint names file, line and column.

use std::str::FromStr;

use csv::StringRecord;

use crate::{TableError, TableFile};

/// A file with known columns, in any order; columns with other names are left alone.
pub(crate) struct Sheet<const COLUMNS: usize> {
    file: TableFile,
    columns: [Column; COLUMNS],
    rows: Vec<StringRecord>,
}

#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    position: usize,
}

/// One line below the column names.
#[derive(Clone, Copy)]
pub(crate) struct Row<'s> {
    file: TableFile,
    columns: &'s [Column],
    cells: &'s StringRecord,
}

impl<const COLUMNS: usize> Sheet<COLUMNS> {
    /// Reads a whole file, which has these columns and at least one row.
    pub(crate) fn read(
        file: TableFile,
        text: &str,
        names: [&'static str; COLUMNS],
    ) -> Result<Self, TableError> {
        let unreadable = |source: csv::Error| TableError::Unreadable {
            file,
            line: source.position().map_or(1, csv::Position::line),
            source,
        };
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(unreadable)?;
        let mut columns = names.map(|name| Column { name, position: 0 });
        for column in &mut columns {
            column.position =
                header
                    .iter()
                    .position(|name| name == column.name)
                    .ok_or(TableError::NoColumn {
                        file,
                        column: column.name,
                    })?;
        }
        let rows = reader
            .records()
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        if rows.is_empty() {
            return Err(TableError::Empty { file });
        }
        Ok(Self {
            file,
            columns,
            rows,
        })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row {
            file: self.file,
            columns: &self.columns,
            cells,
        })
    }
}

impl<'s> Row<'s> {
    pub(crate) fn line(&self) -> u64 {
        self.cells.position().map_or(1, csv::Position::line)
    }

    /// The cell in this column; empty for a column that was not asked for when reading.
    pub(crate) fn text(&self, column: &'static str) -> &'s str {
        let known = self.columns.iter().find(|known| known.name == column);
        known
            .and_then(|known| self.cells.get(known.position))
            .unwrap_or_default()
    }

    /// The cell as a value, or a complaint that it is not `expected`.
    pub(crate) fn value<T: FromStr>(
        &self,
        column: &'static str,
        expected: &'static str,
    ) -> Result<T, TableError> {
        self.text(column)
            .parse()
            .map_err(|_| self.complaint(column, expected))
    }

    /// The same for a cell that may be empty.
    pub(crate) fn optional<T: FromStr>(
        &self,
        column: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, TableError> {
        if self.text(column).is_empty() {
            Ok(None)
        } else {
            self.value(column, expected).map(Some)
        }
    }

    /// The cell as one of the words of a closed list, written as in stored decisions.
    pub(crate) fn word<T: serde::de::DeserializeOwned>(
        &self,
        column: &'static str,
        expected: &'static str,
    ) -> Result<T, TableError> {
        let word =
            serde::de::value::StrDeserializer::<serde::de::value::Error>::new(self.text(column));
        T::deserialize(word).map_err(|_| self.complaint(column, expected))
    }

    pub(crate) fn complaint(&self, column: &'static str, expected: &'static str) -> TableError {
        let found = self.text(column).to_owned();
        TableError::Cell {
            file: self.file,
            line: self.line(),
            column,
            found,
            expected,
        }
    }
}
