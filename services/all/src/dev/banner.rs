//! What a newcomer reads once everything runs.

use std::{io, path::Path};

use super::{TracePlaces, servers::Servers, settings_file};
use crate::{line::Line, print::tell};

/// Everything runs; `invented` is where the invented years are kept, where there are any.
pub(super) fn print(
    dir: &Path,
    line: &Line,
    (servers, traces): (&Servers, Option<TracePlaces>),
    invented: Option<&Path>,
) -> io::Result<()> {
    let address = line.address();
    tell!(
        "Knipperlicht runs. All partners marked (voorbeeld) and their capacities are invented.\n"
    )?;
    if let Some(gateway) = line.gateway_address() {
        let app = format!("http://localhost:{}", gateway.port());
        tell!("Open {app} in a browser: it offers each of the demo people.\n")?;
        tell!("  REST        {app}/api/v1  (to try: {app}/api/docs)")?;
    }
    tell!(
        "  gRPC        {address}  (intake, assessment, routing, followup, notification; health and reflection)"
    )?;
    for line in servers.describe() {
        tell!("  {line}")?;
    }
    print_traces(traces)?;
    tell!(
        "  people      tokens in {}  (--as cleaner, nurse, coordinator, or a partner's id)",
        dir.join("tokens").display()
    )?;
    if let Some(invented) = invented {
        tell!(
            "  invented    all signals of the last years; without {} the next start invents them anew",
            invented.display()
        )?;
    }
    tell!("\nSend the first signal from another terminal:\n")?;
    tell!(
        "  target/debug/knipperlicht signal send --postal-code 8400 --observation exhausted --consent given"
    )?;
    tell!("\nCtrl-C stops everything; what was sent is kept for the next start.")
}

fn print_traces(traces: Option<TracePlaces>) -> io::Result<()> {
    traces.map_or(Ok(()), |traces| {
        tell!(
            "  traces      {}  (what each call and each event led to)",
            traces.address()
        )
    })
}

/// Only the servers run.
pub(super) fn print_servers(
    dir: &Path,
    (servers, traces): (&Servers, Option<TracePlaces>),
) -> io::Result<()> {
    tell!("The servers run, and no service yet.\n")?;
    for line in servers.describe() {
        tell!("  {line}")?;
    }
    print_traces(traces)?;
    let services = [
        ("intake", 7401),
        ("assessment", 7402),
        ("routing", 7403),
        ("followup", 7404),
        ("notification", 7405),
    ];
    tell!("\nIn six other terminals, in each after the first of these lines:\n")?;
    tell!("  . {}", dir.join(settings_file::NAME).display())?;
    for (target, port) in services {
        tell!("  target/debug/knipperlicht serve --target {target} --listen 127.0.0.1:{port}")?;
    }
    tell!("\nAnd where you speak to them, before the gateway as well:\n")?;
    for (target, port) in services {
        let name = target.to_uppercase();
        tell!("  export KL_{name}_URL=http://127.0.0.1:{port}")?;
    }
    tell!("\n  target/debug/knipperlicht serve --target gateway")
}
