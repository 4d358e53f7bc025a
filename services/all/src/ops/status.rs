//! How the line is.

use std::{collections::BTreeMap, io};

use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::reconciler::Ledger;

use super::table;
use crate::print::tell;

pub(super) fn print(ledgers: &BTreeMap<Service, Ledger>) -> io::Result<()> {
    let mut table = table(["service", "said", "not published", "heard", "parked"]);
    for (service, ledger) in ledgers {
        table.add_row([
            service.name().to_owned(),
            ledger.said.values().sum::<i64>().to_string(),
            ledger.unpublished.values().sum::<i64>().to_string(),
            ledger.heard.values().sum::<i64>().to_string(),
            ledger.parked.to_string(),
        ]);
    }
    tell!("{table}")
}
