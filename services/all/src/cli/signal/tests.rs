//! Against an intake that answers over the wire, as the real one does.

use std::{
    io::{self, Write},
    pin::Pin,
    sync::{Arc, Mutex},
};

use clap::Parser;
use jiff::Timestamp;
use knipperlicht_contracts::{
    intake::v1::intake_service_server::{IntakeService, IntakeServiceServer},
    to_proto,
};
use tokio::net::TcpListener;
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::{Request, Response, Status, transport::Server};

use super::*;
use crate::cli::{ClientOptions, output::Output};

const ID: &str = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b";

/// What reached the server: each call with the token it showed, and each signal.
#[derive(Clone, Default)]
struct Reached {
    calls: Arc<Mutex<Vec<String>>>,
    signals: Arc<Mutex<Vec<proto::Signal>>>,
}

struct Intake(Reached);

fn receipt(signal: &proto::Signal) -> proto::Receipt {
    let now: Timestamp = "2026-11-21T13:02:00Z".parse().unwrap();
    let red = signal.observations.contains(&27);
    let call_now = vec![proto::Helpline {
        number: "112".to_owned(),
        purpose: "life".to_owned(),
    }];
    proto::Receipt {
        signal_id: signal.signal_id.clone(),
        situation_id: ID.to_owned(),
        zone_id: "oostende-bredene".to_owned(),
        zone_name: "Oostende-Bredene".to_owned(),
        received_at: Some(to_proto(now)),
        call_now: if red { call_now } else { Vec::new() },
        ..Default::default()
    }
}

fn unused<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not part of the test"))
}

#[tonic::async_trait]
impl IntakeService for Intake {
    async fn submit_signal(
        &self,
        request: Request<proto::SubmitSignalRequest>,
    ) -> Result<Response<proto::SubmitSignalResponse>, Status> {
        let shown = request
            .metadata()
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .unwrap_or("nobody");
        self.0.calls.lock().unwrap().push(shown.to_owned());
        assert!(request.metadata().contains_key("traceparent"));
        assert!(request.metadata().contains_key("grpc-timeout"));
        let signal = request.into_inner().signal.unwrap();
        let receipt = receipt(&signal);
        self.0.signals.lock().unwrap().push(signal);
        Ok(Response::new(proto::SubmitSignalResponse {
            receipt: Some(receipt),
        }))
    }

    /// Breaks down at the first call, and refuses every signal from Liège.
    async fn submit_signals(
        &self,
        request: Request<proto::SubmitSignalsRequest>,
    ) -> Result<Response<proto::SubmitSignalsResponse>, Status> {
        use proto::submit_signal_result::Result::{Receipt, Refusal};
        let signals = request.into_inner().signals;
        let mut calls = self.0.calls.lock().unwrap();
        calls.push(signals.len().to_string());
        self.0
            .signals
            .lock()
            .unwrap()
            .extend(signals.iter().cloned());
        if calls.len() == 1 {
            return Err(Status::unavailable("the other side went away"));
        }
        let refusal = proto::Refusal {
            code: "KL1001".to_owned(),
            field: "postal_code".to_owned(),
            message: "no zone".to_owned(),
        };
        let result = |signal: &proto::Signal| match signal.postal_code.as_str() {
            "4000" => Refusal(refusal.clone()),
            _ => Receipt(receipt(signal)),
        };
        let results = signals.iter().map(|signal| proto::SubmitSignalResult {
            signal_id: signal.signal_id.clone(),
            result: Some(result(signal)),
        });
        Ok(Response::new(proto::SubmitSignalsResponse {
            results: results.collect(),
        }))
    }

    async fn get_signal(
        &self,
        _: Request<proto::GetSignalRequest>,
    ) -> Result<Response<proto::GetSignalResponse>, Status> {
        unused()
    }

    async fn list_duplicates(
        &self,
        _: Request<proto::ListDuplicatesRequest>,
    ) -> Result<Response<proto::ListDuplicatesResponse>, Status> {
        unused()
    }

    async fn resolve_duplicate(
        &self,
        _: Request<proto::ResolveDuplicateRequest>,
    ) -> Result<Response<proto::ResolveDuplicateResponse>, Status> {
        unused()
    }

    async fn list_my_signals(
        &self,
        _: Request<proto::ListMySignalsRequest>,
    ) -> Result<Response<proto::ListMySignalsResponse>, Status> {
        Ok(Response::new(proto::ListMySignalsResponse::default()))
    }

    type WatchMySignalsStream =
        Pin<Box<dyn Stream<Item = Result<proto::WatchMySignalsResponse, Status>> + Send>>;

    async fn watch_my_signals(
        &self,
        _: Request<proto::WatchMySignalsRequest>,
    ) -> Result<Response<Self::WatchMySignalsStream>, Status> {
        let signal = proto::Signal {
            signal_id: ID.to_owned(),
            ..proto::Signal::default()
        };
        let status = proto::SignalStatus {
            receipt: Some(receipt(&signal)),
            step: 4,
            ..proto::SignalStatus::default()
        };
        let change = proto::WatchMySignalsResponse {
            signal: Some(status),
        };
        Ok(Response::new(Box::pin(tokio_stream::iter([Ok(change)]))))
    }

    async fn withdraw_signal(
        &self,
        _: Request<proto::WithdrawSignalRequest>,
    ) -> Result<Response<proto::WithdrawSignalResponse>, Status> {
        unused()
    }

    async fn set_consent(
        &self,
        _: Request<proto::SetConsentRequest>,
    ) -> Result<Response<proto::SetConsentResponse>, Status> {
        unused()
    }

    async fn get_contact(
        &self,
        _: Request<proto::GetContactRequest>,
    ) -> Result<Response<proto::GetContactResponse>, Status> {
        unused()
    }

    async fn add_note(
        &self,
        _: Request<proto::AddNoteRequest>,
    ) -> Result<Response<proto::AddNoteResponse>, Status> {
        unused()
    }

    async fn mark_seen(
        &self,
        _: Request<proto::MarkSeenRequest>,
    ) -> Result<Response<proto::MarkSeenResponse>, Status> {
        unused()
    }

    async fn report_not_better(
        &self,
        _: Request<proto::ReportNotBetterRequest>,
    ) -> Result<Response<proto::ReportNotBetterResponse>, Status> {
        unused()
    }

    async fn list_told(
        &self,
        _: Request<proto::ListToldRequest>,
    ) -> Result<Response<proto::ListToldResponse>, Status> {
        unused()
    }

    async fn issue_situation_link(
        &self,
        _: Request<proto::IssueSituationLinkRequest>,
    ) -> Result<Response<proto::IssueSituationLinkResponse>, Status> {
        unused()
    }

    async fn revoke_situation_links(
        &self,
        _: Request<proto::RevokeSituationLinksRequest>,
    ) -> Result<Response<proto::RevokeSituationLinksResponse>, Status> {
        unused()
    }

    async fn get_my_situation(
        &self,
        _: Request<proto::GetMySituationRequest>,
    ) -> Result<Response<proto::GetMySituationResponse>, Status> {
        unused()
    }

    async fn record_objection(
        &self,
        _: Request<proto::RecordObjectionRequest>,
    ) -> Result<Response<proto::RecordObjectionResponse>, Status> {
        unused()
    }

    async fn read_vital_interest(
        &self,
        _: Request<proto::ReadVitalInterestRequest>,
    ) -> Result<Response<proto::ReadVitalInterestResponse>, Status> {
        unused()
    }

    async fn acknowledge_vital_interest(
        &self,
        _: Request<proto::AcknowledgeVitalInterestRequest>,
    ) -> Result<Response<proto::AcknowledgeVitalInterestResponse>, Status> {
        unused()
    }

    async fn withdraw_my_consent(
        &self,
        _: Request<proto::WithdrawMyConsentRequest>,
    ) -> Result<Response<proto::WithdrawMyConsentResponse>, Status> {
        unused()
    }

    async fn issue_self_signal_card(
        &self,
        _: Request<proto::IssueSelfSignalCardRequest>,
    ) -> Result<Response<proto::IssueSelfSignalCardResponse>, Status> {
        unused()
    }

    async fn revoke_self_signal_card(
        &self,
        _: Request<proto::RevokeSelfSignalCardRequest>,
    ) -> Result<Response<proto::RevokeSelfSignalCardResponse>, Status> {
        unused()
    }

    async fn submit_self_signal(
        &self,
        _: Request<proto::SubmitSelfSignalRequest>,
    ) -> Result<Response<proto::SubmitSelfSignalResponse>, Status> {
        unused()
    }

    async fn erase_situation(
        &self,
        _: Request<proto::EraseSituationRequest>,
    ) -> Result<Response<proto::EraseSituationResponse>, Status> {
        unused()
    }

    async fn ask_my_erasure(
        &self,
        _: Request<proto::AskMyErasureRequest>,
    ) -> Result<Response<proto::AskMyErasureResponse>, Status> {
        unused()
    }

    async fn export_situation(
        &self,
        _: Request<proto::ExportSituationRequest>,
    ) -> Result<Response<proto::ExportSituationResponse>, Status> {
        unused()
    }

    async fn list_erasure_requests(
        &self,
        _: Request<proto::ListErasureRequestsRequest>,
    ) -> Result<Response<proto::ListErasureRequestsResponse>, Status> {
        unused()
    }

    async fn get_backlog(
        &self,
        _: Request<proto::GetBacklogRequest>,
    ) -> Result<Response<proto::GetBacklogResponse>, Status> {
        unused()
    }
}

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    options: ClientOptions,
    #[command(subcommand)]
    command: SignalCommand,
}

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a command line against a fresh server: what the user saw, how it ended, what arrived.
async fn run_line(line: &[&str]) -> (String, Result<(), CliError>, Reached) {
    let reached = Reached::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let serving = Server::builder()
        .add_service(IntakeServiceServer::new(Intake(reached.clone())))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);

    let start = ["knipperlicht", "--server", &server, "--token", "t"];
    let program = Program::parse_from(start.iter().chain(line));
    let screen = Screen::default();
    let output = Output::to(Box::new(screen.clone()), program.options.json, false).unwrap();
    let session = Session::new(program.options, output).unwrap();
    let ended = run(program.command, &session).await;
    let seen = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
    (seen, ended, reached)
}

#[tokio::test]
async fn a_signal_is_received_and_the_next_line_to_try_is_named() {
    let (seen, ended, reached) = run_line(&[
        "send",
        "--postal-code",
        "8400",
        "--observation",
        "exhausted",
        "--id",
        ID,
    ])
    .await;
    ended.unwrap();
    insta::assert_snapshot!(seen, @"
    Received by Oostende-Bredene at 14:02.
    No partner learns who it is about until the carer agrees. Once that is so:
          knipperlicht signal consent 0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b given
    Next: knipperlicht signal show 0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b
    ");
    assert_eq!(*reached.calls.lock().unwrap(), ["Bearer t"]);
    let signals = reached.signals.lock().unwrap();
    let sent = signals.first().unwrap();
    assert_eq!(
        (sent.observations.as_slice(), sent.postal_code.as_str()),
        ([1].as_slice(), "8400")
    );
    assert_eq!(sent.contact, None);
    assert!(sent.reported_at.is_some());
}

#[tokio::test]
async fn numbers_to_call_come_before_anything_else() {
    let line = [
        "send",
        "--postal-code",
        "8400",
        "--observation",
        "suicidal_talk",
        "--id",
        ID,
        "--consent",
        "given",
    ];
    let (seen, ended, _) = run_line(&line).await;
    ended.unwrap();
    insta::assert_snapshot!(seen, @"
    CALL NOW, this cannot wait for us:
      112   a life is in danger
    Received by Oostende-Bredene at 14:02.
    Next: knipperlicht signal show 0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b
    ");
}

#[tokio::test]
async fn a_file_goes_in_chunks_and_a_chunk_without_an_answer_goes_again_with_the_same_ids() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("signals.jsonl");
    let good = r#"{"postal_code":"8400","observations":["exhausted"]}"#;
    let bad = r#"{"postal_code":"4000","observations":["exhausted"]}"#;
    std::fs::write(&file, format!("{}{bad}\n", format!("{good}\n").repeat(120))).unwrap();
    let (seen, ended, reached) = run_line(&["send", "--file", file.to_str().unwrap()]).await;

    let ended = ended.unwrap_err();
    assert_eq!(ended.exit_code(), 3);
    insta::assert_snapshot!(ended, @"1 of 121 signals were refused and the others are safe: mend the refused lines, and send a file of only those");
    assert_eq!(*reached.calls.lock().unwrap(), ["100", "100", "21"]);
    let signals = reached.signals.lock().unwrap();
    assert_eq!(signals[..100], signals[100..200]);
    assert_eq!(
        seen.lines()
            .filter(|line| line.contains("Received by Oostende-Bredene at 14:02."))
            .count(),
        120
    );
    let last = seen.lines().rev().take(3).collect::<Vec<_>>();
    assert!(
        last[2].starts_with("line 121  ")
            && last[2].ends_with("refused (KL1001), field postal_code: no zone"),
        "{last:?}"
    );
    assert_eq!(last[1], "120 received, 1 refused.");
}

#[tokio::test]
async fn programs_read_json_and_nothing_else() {
    let line = [
        "send",
        "--postal-code",
        "8400",
        "--observation",
        "suicidal_talk",
        "--id",
        ID,
        "--json",
    ];
    let (seen, ended, _) = run_line(&line).await;
    ended.unwrap();
    let receipt: serde_json::Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(receipt["call_now"][0]["number"], "112");

    let (seen, _, _) = run_line(&["list", "--json"]).await;
    assert_eq!(seen, "[]\n");
}

#[tokio::test]
async fn what_is_watched_comes_line_by_line_and_the_end_of_it_is_no_success() {
    let (seen, ended, _) = run_line(&["watch"]).await;
    insta::assert_snapshot!(seen, @"21-11 14:02  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b  referred  Oostende-Bredene  -  -  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b");
    let ended = ended.unwrap_err();
    assert_eq!(ended.exit_code(), 4);
    assert_eq!(
        ended.to_string(),
        "the server ended the stream; run it again to go on watching"
    );
}

#[tokio::test]
async fn a_refusal_leaves_with_its_own_exit_code() {
    let (_, ended, _) = run_line(&["show", ID]).await;
    assert_eq!(ended.unwrap_err().exit_code(), 3);
}
