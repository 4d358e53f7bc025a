//! The gateway before the whole line: what browsers and other software get.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod alone;
mod browsers;
mod encrypted;
mod events;
mod grpc_web;
mod problems;
mod rest;
mod rules;
