//! The table between its markers in a text.

use std::{fs, path::Path};

use crate::error::{BenchError, Doing};

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// Puts `table` between the markers of the file.
pub(crate) fn write(path: &Path, table: &str) -> Result<(), BenchError> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).doing(&shown)?;
    let renewed = put(&text, table).ok_or_else(|| BenchError::NoMarkers(path.to_owned()))?;
    fs::write(path, renewed).doing(shown)
}

fn put(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renews_what_is_between_the_markers_and_nothing_else() {
        let text = "# Title\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nrest\n";
        let once = put(text, "new\n").unwrap();
        assert_eq!(
            once,
            "# Title\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\nrest\n"
        );
        assert_eq!(put(&once, "new\n").unwrap(), once);
        assert_eq!(put("no markers", "new\n"), None);
    }
}
