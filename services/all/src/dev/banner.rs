//! What a newcomer reads once everything runs.

use std::path::Path;

use super::{TracePlaces, servers::Servers, settings_file};
use crate::line::Line;

/// Everything runs; `invented` is where the invented years are kept, where there are any.
pub(super) fn print(
    dir: &Path,
    line: &Line,
    (servers, traces): (&Servers, Option<TracePlaces>),
    invented: Option<&Path>,
) {
    let address = line.address();
    println!(
        "Knipperlicht runs. All partners marked (voorbeeld) and their capacities are invented.\n"
    );
    if let Some(gateway) = line.gateway_address() {
        let app = format!("http://localhost:{}", gateway.port());
        println!("Open {app} in a browser: it offers each of the demo people.\n");
        println!("  REST        {app}/api/v1  (to try: {app}/api/docs)");
    }
    println!(
        "  gRPC        {address}  (intake, assessment, routing, followup, notification; health and reflection)"
    );
    for line in servers.describe() {
        println!("  {line}");
    }
    print_traces(traces);
    println!(
        "  people      tokens in {}  (--as cleaner, nurse, coordinator, or a partner's id)",
        dir.join("tokens").display()
    );
    if let Some(invented) = invented {
        println!(
            "  invented    all signals of the last years; without {} the next start invents them anew",
            invented.display()
        );
    }
    println!("\nSend the first signal from another terminal:\n");
    println!(
        "  target/debug/knipperlicht signal send --postal-code 8400 --observation exhausted --consent given"
    );
    println!("\nCtrl-C stops everything; what was sent is kept for the next start.");
}

fn print_traces(traces: Option<TracePlaces>) {
    if let Some(traces) = traces {
        println!(
            "  traces      http://{}  (what each call and each event led to)",
            traces.page
        );
    }
}

/// Only the servers run.
pub(super) fn print_servers(dir: &Path, (servers, traces): (&Servers, Option<TracePlaces>)) {
    println!("The servers run, and no service yet.\n");
    for line in servers.describe() {
        println!("  {line}");
    }
    print_traces(traces);
    let services = [
        ("intake", 7401),
        ("assessment", 7402),
        ("routing", 7403),
        ("followup", 7404),
        ("notification", 7405),
    ];
    println!("\nIn six other terminals, in each after the first of these lines:\n");
    println!("  . {}", dir.join(settings_file::NAME).display());
    for (target, port) in services {
        println!("  target/debug/knipperlicht serve --target {target} --listen 127.0.0.1:{port}");
    }
    println!("\nAnd where you speak to them, before the gateway as well:\n");
    for (target, port) in services {
        let name = target.to_uppercase();
        println!("  export KL_{name}_URL=http://127.0.0.1:{port}");
    }
    println!("\n  target/debug/knipperlicht serve --target gateway");
}
