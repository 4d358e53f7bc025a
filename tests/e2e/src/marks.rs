//! Searching everything that was kept for texts that must not be there: tables, raw files, logs and
//! backups, with the rights of whoever may read it all. Each text is looked for as it is, in
//! hexadecimal, in base64 and as UTF-16.

use std::{collections::BTreeSet, fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// The parts of a base64 text that say nothing of their neighbours: bytes at both ends are left out.
const EDGE: usize = 4;

/// A text to look for, in every form it may take.
struct Mark {
    text: String,
    forms: Vec<Vec<u8>>,
}

impl Mark {
    fn of(text: &str) -> Self {
        let hex = text
            .bytes()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        // Base64 of a text inside a longer one starts at one of three places.
        let shifted = [0, 1, 2].map(|shift| {
            let encoded = STANDARD.encode(format!("{}{text}", " ".repeat(shift)));
            encoded.as_bytes()[EDGE..encoded.len() - EDGE].to_vec()
        });
        let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let upper = hex.to_uppercase().into_bytes();
        let forms = [text.as_bytes().to_vec(), hex.into_bytes(), upper, utf16];
        Self {
            text: text.to_owned(),
            forms: forms.into_iter().chain(shifted).collect(),
        }
    }
}

/// What was looked for, how much was looked through, and what was found.
pub struct Search {
    marks: Vec<Mark>,
    /// Whether a form begins with these two bytes: most places are passed at a glance.
    begins: Vec<bool>,
    /// Bytes looked through: searching nothing finds nothing.
    pub bytes: usize,
    /// Where something was found, and which text.
    pub found: Vec<(String, String)>,
}

fn beginning(first: u8, second: u8) -> usize {
    (usize::from(first) << 8) | usize::from(second)
}

impl Search {
    /// A search for these texts, each of eight bytes at least: shorter ones occur by chance.
    #[must_use]
    pub fn of(texts: &[&str]) -> Self {
        assert!(texts.iter().all(|text| text.len() >= 8), "too short a text");
        let marks: Vec<Mark> = texts.iter().map(|text| Mark::of(text)).collect();
        let mut begins = vec![false; 1 << 16];
        for form in marks.iter().flat_map(|mark| &mark.forms) {
            begins[beginning(form[0], form[1])] = true;
        }
        Self {
            marks,
            begins,
            bytes: 0,
            found: Vec::new(),
        }
    }

    /// Looks through some bytes.
    pub fn through(&mut self, place: &str, content: &[u8]) {
        self.bytes += content.len();
        let mut found = BTreeSet::new();
        for at in 1..content.len() {
            if !self.begins[beginning(content[at - 1], content[at])] {
                continue;
            }
            let rest = &content[at - 1..];
            let is_here = |mark: &&Mark| mark.forms.iter().any(|form| rest.starts_with(form));
            found.extend(self.marks.iter().filter(is_here).map(|mark| &mark.text));
        }
        let found = found
            .into_iter()
            .map(|text| (place.to_owned(), text.clone()));
        self.found.extend(found);
    }

    /// Looks through every file under a directory that can be read, and their names.
    pub fn through_files(&mut self, directory: &Path) {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.through_files(&path);
            } else if let Ok(content) = fs::read(&path) {
                let place = path.display().to_string();
                self.through(&place, place.as_bytes());
                self.through(&place, &content);
            }
        }
    }

    /// Looks through every row of every table of every schema that is not PostgreSQL's own, as
    /// text: bytes show as hexadecimal.
    pub async fn through_tables(&mut self, look: &mut PgConnection) {
        let tables = sqlx::query(
            "select format('%I.%I', schemaname, tablename) from pg_tables
             where schemaname not in ('pg_catalog', 'information_schema')",
        )
        .fetch_all(&mut *look)
        .await
        .expect("tables");
        for table in tables {
            let table: String = table.get(0);
            let rows = sqlx::query(AssertSqlSafe(format!("select t::text from {table} t")))
                .fetch_all(&mut *look)
                .await
                .expect("rows");
            for row in rows {
                self.through(&table, row.get::<String, _>(0).as_bytes());
            }
        }
    }

    /// The places where something was found, each once.
    #[must_use]
    pub fn places(&self) -> Vec<&str> {
        let mut places: Vec<&str> = self.found.iter().map(|(place, _)| place.as_str()).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_every_form_and_nowhere_else() {
        let text = "Zorgelinck-Merkwaardig";
        for shift in 0..3 {
            let encoded = STANDARD.encode(format!("{}{text}, and so on", "x".repeat(shift)));
            let mut search = Search::of(&[text]);
            search.through("a log", encoded.as_bytes());
            assert_eq!(search.places(), ["a log"]);
        }
        let hex = text
            .bytes()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for hidden in [
            text.as_bytes(),
            hex.as_bytes(),
            hex.to_uppercase().as_bytes(),
            &utf16,
        ] {
            let mut search = Search::of(&[text]);
            search.through("a table", &[b"ZZ", hidden, b"ZZ"].concat());
            assert_eq!(search.found.len(), 1);
        }
        let mut search = Search::of(&[text]);
        search.through("a table", b"Zorgelinck, Merkwaardig");
        assert!(search.found.is_empty());
        assert_eq!(search.bytes, 23);
    }
}
