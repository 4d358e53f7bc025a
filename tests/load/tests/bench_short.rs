//! The benchmark in its short form: everything can be measured. Never how fast.

use std::{path::Path, process::Command};

use serde_json::Value;

const FIGURES: [&str; 33] = [
    "fsync",
    "image",
    "memory_apart",
    "start_up",
    "memory_idle",
    "gateway_rest",
    "gateway_grpc",
    "gateway_streams",
    "gateway_streams_asked",
    "accept_latency",
    "tap_to_inbox",
    "whole_line",
    "accept_1",
    "accept_8",
    "accept_64",
    "memory_loaded",
    "import",
    "import_again",
    "set_capacity",
    "telemetry",
    "accept_alone_1",
    "accept_alone_8",
    "accept_alone_64",
    "decision",
    "inbox",
    "answered",
    "zone_inbox",
    "accept_latency_stored",
    "tap_to_inbox_stored",
    "zone_report",
    "timers",
    "timers_missed",
    "timers_twice",
];

#[test]
fn every_measurement_produces_a_figure() {
    let bench = env!("CARGO_BIN_EXE_knipperlicht-bench");
    let program = Path::new(bench).with_file_name("knipperlicht");
    assert!(
        program.is_file(),
        "build it first: cargo build --bin knipperlicht"
    );

    let output = Command::new(bench)
        .args(["--short", "--json"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = report["figures"].as_array().unwrap();
    let names: Vec<&str> = figures
        .iter()
        .map(|figure| figure["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, FIGURES);
    for figure in figures {
        assert!(figure["measured"].as_f64().is_some(), "{figure}");
    }
}
