//! Every version of the table there was: a judgement replays with the one it was made by.

use std::collections::BTreeMap;

use super::table::{TableFault, TriageTable};

/// The version that new judgements are made by, last; every earlier one stays.
const FILES: &[&str] = &[
    include_str!("../../../data/triage/2026-11-21.1.json"),
    include_str!("../../../data/triage/2026-11-22.1.json"),
];

/// The triage tables of every version.
#[derive(Debug, Clone)]
pub struct TriageTables {
    current: TriageTable,
    earlier: BTreeMap<String, TriageTable>,
}

impl TriageTables {
    /// The tables that come with this program.
    pub fn builtin() -> Result<Self, TableFault> {
        Self::parse(FILES)
    }

    fn parse(files: &[&str]) -> Result<Self, TableFault> {
        let mut earlier = BTreeMap::new();
        for file in files {
            let table = TriageTable::parse(file)?;
            let version = table.version().to_owned();
            if earlier.insert(version.clone(), table).is_some() {
                return Err(TableFault::SameVersion { version });
            }
        }
        // Versions are dates with a number: they sort as they were made.
        let (_, current) = earlier.pop_last().ok_or_else(|| TableFault::Bands {
            version: "none".to_owned(),
        })?;
        Ok(Self { current, earlier })
    }

    /// The table that new judgements are made by.
    #[must_use]
    pub const fn current(&self) -> &TriageTable {
        &self.current
    }

    /// The table of this version.
    #[must_use]
    pub fn version(&self, version: &str) -> Option<&TriageTable> {
        if self.current.version() == version {
            Some(&self.current)
        } else {
            self.earlier.get(version)
        }
    }
}
