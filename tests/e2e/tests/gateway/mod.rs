//! The gateway before the whole line: what browsers and other software get.

mod alone;
mod browsers;
mod encrypted;
mod events;
mod grpc_web;
mod problems;
mod rest;
mod rules;
