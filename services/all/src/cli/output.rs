//! Tables for people, JSON for programs.

use std::{
    env,
    io::{self, IsTerminal, Write},
    sync::{Mutex, PoisonError},
};

use comfy_table::{ContentArrangement, Table, presets};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{CliError, values::BELGIUM, views::View};

/// Where results go, and in which form.
pub(crate) struct Output {
    json: bool,
    colour: bool,
    local: TimeZone,
    out: Mutex<Box<dyn Write + Send>>,
}

impl Output {
    /// Output of this process.
    pub(crate) fn standard(json: bool) -> Result<Self, CliError> {
        let colour = io::stdout().is_terminal()
            && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self::to(Box::new(io::stdout()), json, colour)
    }

    /// Output to anything that can be written to.
    pub(crate) fn to(
        out: Box<dyn Write + Send>,
        json: bool,
        colour: bool,
    ) -> Result<Self, CliError> {
        let local = TimeZone::get(BELGIUM).map_err(|error| CliError::Machine(error.to_string()))?;
        Ok(Self {
            json,
            colour,
            local,
            out: Mutex::new(out),
        })
    }

    /// Belgian time.
    pub(crate) const fn local(&self) -> &TimeZone {
        &self.local
    }

    /// Whether a program reads the results.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Several things; `none` is what a person reads when there are none.
    pub(crate) fn list<V: View>(&self, views: &[V], none: &str) -> Result<(), CliError> {
        if self.json {
            self.print(&pretty(&views)?)
        } else if views.is_empty() {
            self.print(none)
        } else {
            self.print(&table(views, &self.local))
        }
    }

    /// One thing, a line for each of its properties.
    pub(crate) fn one<V: View>(&self, view: &V) -> Result<(), CliError> {
        if self.json {
            self.print(&pretty(view)?)
        } else {
            self.print(&card(view, &self.local))
        }
    }

    /// One thing of a stream, on one line.
    pub(crate) fn event<V: View>(&self, view: &V) -> Result<(), CliError> {
        if self.json {
            self.json_line(view)
        } else {
            self.print(&line(view, &self.local))
        }
    }

    /// One JSON object on one line, for programs only.
    pub(crate) fn json_line(&self, view: &impl Serialize) -> Result<(), CliError> {
        if self.json {
            self.print(&serde_json::to_string(view).map_err(io::Error::from)?)
        } else {
            Ok(())
        }
    }

    /// One JSON object, for programs only.
    pub(crate) fn object(&self, view: &impl Serialize) -> Result<(), CliError> {
        if self.json {
            self.print(&pretty(view)?)
        } else {
            Ok(())
        }
    }

    /// A sentence for people; programs do not see it.
    pub(crate) fn say(&self, text: &str) -> Result<(), CliError> {
        if self.json {
            Ok(())
        } else {
            self.print(&clean(text))
        }
    }

    /// A sentence nobody may overlook; programs do not see it.
    pub(crate) fn shout(&self, text: &str) -> Result<(), CliError> {
        match (self.json, self.colour) {
            (true, _) => Ok(()),
            (false, false) => self.print(&clean(text)),
            (false, true) => self.print(&format!("\u{1b}[1;31m{}\u{1b}[0m", clean(text))),
        }
    }

    /// A command that a person may want next.
    pub(crate) fn next(&self, command: &str) -> Result<(), CliError> {
        self.say(&format!("Next: knipperlicht {command}"))
    }

    /// Text as it is. `println!` would panic when the reader has gone.
    pub(crate) fn print(&self, text: &str) -> Result<(), CliError> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(out, "{}", text.trim_end())?;
        // What is watched must show at once, also through a pipe.
        Ok(out.flush()?)
    }

    /// A remark beside the result, also where that goes to a program.
    #[allow(
        clippy::unused_self,
        reason = "all that is printed goes through the output"
    )]
    pub(crate) fn note(&self, text: &str) -> Result<(), CliError> {
        Ok(writeln!(io::stderr(), "{}", clean(text))?)
    }
}

/// JSON over several lines.
pub(crate) fn pretty(view: &impl Serialize) -> Result<String, CliError> {
    Ok(serde_json::to_string_pretty(view).map_err(io::Error::from)?)
}

/// Rows under headings. Nothing is cut or wrapped, so that ids can be copied.
pub(crate) fn table<V: View>(views: &[V], local: &TimeZone) -> String {
    let mut table = bare();
    for (at, view) in views.iter().enumerate() {
        let (headings, cells): (Vec<_>, Vec<_>) = view.cells(local).into_iter().unzip();
        if at == 0 {
            table.set_header(headings.into_iter().map(str::to_uppercase));
        }
        table.add_row(cells.iter().map(|cell| shown(cell)));
    }
    unindented(&table)
}

/// A heading and its value on each line; what says nothing is left out.
pub(crate) fn card<V: View>(view: &V, local: &TimeZone) -> String {
    let mut table = bare();
    for (heading, cell) in view.cells(local) {
        if !cell.is_empty() {
            table.add_row([heading.to_owned(), clean(&cell)]);
        }
    }
    unindented(&table)
}

/// Everything on one line, for streams.
pub(crate) fn line<V: View>(view: &V, local: &TimeZone) -> String {
    view.cells(local)
        .iter()
        .map(|(_, cell)| shown(cell))
        .collect::<Vec<_>>()
        .join("  ")
}

fn bare() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// The table without the padding at its left and right.
fn unindented(table: &Table) -> String {
    let lines = table.lines().map(|line| {
        line.strip_prefix(' ')
            .unwrap_or(&line)
            .trim_end()
            .to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn shown(cell: &str) -> String {
    if cell.is_empty() {
        "-".to_owned()
    } else {
        clean(cell)
    }
}

/// Texts come from other people: control characters in them could rewrite what a terminal shows.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect()
}
