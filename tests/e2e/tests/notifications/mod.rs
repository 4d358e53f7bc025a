//! Notifications on real sockets: webhooks and mail whose receivers are killed and misbehave, and
//! still nothing is lost, order is kept, and what comes twice can be told.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

mod certificates;
mod consent;
mod down_for_a_day;
mod encrypted;
mod loopback;
mod mailbox;
mod mails;
mod quiet_hours;
mod receiver;
mod retention;
mod subscriptions;
mod teller;
mod webhooks;
mod wire;
