//! What anybody can send to the real line, by whichever way in.

#![allow(clippy::expect_used, reason = "a test that cannot go on should stop")]

mod bodies;
mod calls;
mod ends;
