//! What a newcomer reads once everything runs.

use std::{net::SocketAddr, path::Path};

use super::{servers::Servers, settings_file};

/// Everything runs.
pub(super) fn print(dir: &Path, address: SocketAddr, servers: &Servers) {
    println!(
        "Knipperlicht runs. All partners marked (voorbeeld) and their capacities are invented.\n"
    );
    println!(
        "  gRPC        {address}  (intake, assessment, routing, followup, notification; health and reflection)"
    );
    for line in servers.describe() {
        println!("  {line}");
    }
    println!(
        "  people      tokens in {}  (--as cleaner, nurse, coordinator, or a partner's id)",
        dir.join("tokens").display()
    );
    println!("\nSend the first signal from another terminal:\n");
    println!(
        "  target/debug/knipperlicht signal send --postal-code 8400 --observation exhausted --consent given"
    );
    println!("\nCtrl-C stops everything; what was sent is kept for the next start.");
}

/// Only the servers run.
pub(super) fn print_servers(dir: &Path, servers: &Servers) {
    println!("The servers run, and no service yet.\n");
    for line in servers.describe() {
        println!("  {line}");
    }
    let services = [
        ("intake", 7401),
        ("assessment", 7402),
        ("routing", 7403),
        ("followup", 7404),
        ("notification", 7405),
    ];
    println!("\nIn five other terminals, in each after the first of these lines:\n");
    println!("  . {}", dir.join(settings_file::NAME).display());
    for (target, port) in services {
        println!("  target/debug/knipperlicht serve --target {target} --listen 127.0.0.1:{port}");
    }
    println!("\nAnd where you speak to them:\n");
    for (target, port) in services {
        let name = target.to_uppercase();
        println!("  export KL_{name}_URL=http://127.0.0.1:{port}");
    }
}
