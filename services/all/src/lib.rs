//! The one binary of Knipperlicht: every service in one process, or those named by `--target`;
//! the development line; operations; and the command line client.

pub mod cli;
pub mod dev;
pub mod gateway;
pub mod line;
pub mod migrate;
pub mod ops;
mod outbound;
mod print;
pub mod program;
pub mod serve;
mod tokens;
pub mod trust;
pub mod wire;
