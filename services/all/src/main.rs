//! The program `knipperlicht`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// An event is many small allocations, made by one thread and freed by another: with the
/// system's allocator they were a third of the line's work.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    knipperlicht::program::run()
}
