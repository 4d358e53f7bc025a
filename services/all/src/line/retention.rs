//! How long what is over is kept.

use clap::Args;
use knipperlicht_intake::model::Retention;

/// How long what is over is kept, as options of a command. docs/erasure.md has the whole table.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retention")]
pub struct RetentionOptions {
    /// Days that a situation is kept after the last thing that happened in it, if that was its end;
    /// then every service forgets it (own default: two years)
    #[arg(long, env = "KL_KEEP_CLOSED_DAYS", default_value_t = 730, value_parser = clap::value_parser!(u16).range(90..=18_250))]
    keep_closed_days: u16,
}

impl From<&RetentionOptions> for Retention {
    fn from(options: &RetentionOptions) -> Self {
        Self::of_days(options.keep_closed_days)
    }
}
