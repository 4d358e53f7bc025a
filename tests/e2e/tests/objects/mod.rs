//! Objects: what of each table each principal may see and write, asked of PostgreSQL itself.

#![allow(clippy::panic, reason = "a test that cannot go on should stop")]

mod catalog;
mod closing;
mod matrix;
mod plans;
mod planted;
mod principals;
mod services;
