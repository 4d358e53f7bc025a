//! A webhook's receiver on loopback, which behaves or not.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use knipperlicht_harness::eventually;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::loopback::Loopback;

/// What a receiver does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Answers with this status.
    Answer(u16),
    /// Answers nothing and keeps the connection.
    Hang,
    /// Closes without an answer, after it took the call.
    CloseAfterTaking,
    /// Says that it has it, and closes before the end of what it answers.
    CloseMidAnswer,
}

/// One call as it came.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) behaviour: Behaviour,
}

impl Call {
    pub(crate) fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub(crate) fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What it is about.
    pub(crate) fn subject(&self) -> String {
        self.event()["subject"].as_str().unwrap().to_owned()
    }
}

struct State {
    behaviour: Behaviour,
    calls: Vec<Call>,
}

/// The receiver.
pub(crate) struct Receiver {
    server: Loopback,
    state: Arc<Mutex<State>>,
}

fn conversation(
    state: &Arc<Mutex<State>>,
) -> impl Fn(TcpStream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + use<> {
    let state = Arc::clone(state);
    move |stream| {
        let state = Arc::clone(&state);
        Box::pin(serve(stream, state))
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            behaviour: Behaviour::Answer(204),
            calls: Vec::new(),
        }));
        Self {
            server: Loopback::start(conversation(&state)).await,
            state,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.server.address())
    }

    /// From now on it does this.
    pub(crate) fn behaves(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().behaviour = behaviour;
    }

    pub(crate) async fn kill(&mut self) {
        self.server.kill().await;
    }

    pub(crate) async fn restart(&mut self) {
        self.server.restart(conversation(&self.state)).await;
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// The calls, once there are so many.
    pub(crate) async fn gets(&self, calls: usize) -> Vec<Call> {
        eventually(&format!("{calls} calls"), async || {
            Some(self.calls()).filter(|got| got.len() >= calls)
        })
        .await
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some((headers, body)) = read(&mut stream).await else {
        return;
    };
    let behaviour = {
        let mut state = state.lock().unwrap();
        let behaviour = state.behaviour;
        state.calls.push(Call {
            headers,
            body,
            behaviour,
        });
        behaviour
    };
    let answer = match behaviour {
        Behaviour::Answer(status) => {
            format!(
                "HTTP/1.1 {status} X\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n"
            )
        }
        Behaviour::Hang => return std::future::pending().await,
        Behaviour::CloseAfterTaking => return,
        Behaviour::CloseMidAnswer => {
            "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nthis is not all of".to_owned()
        }
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<(HeaderMap, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
    let headers: HeaderMap = head
        .lines()
        .skip(1)
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (
                name.parse::<HeaderName>().unwrap(),
                value.parse::<HeaderValue>().unwrap(),
            )
        })
        .collect();
    let length: usize = headers["content-length"].to_str().unwrap().parse().unwrap();
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((headers, body))
}
