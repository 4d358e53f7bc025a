//! The program `knipperlicht`.

use std::process::ExitCode;

fn main() -> ExitCode {
    knipperlicht::program::run()
}
