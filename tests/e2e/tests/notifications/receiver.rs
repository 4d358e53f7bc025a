//! A webhook's receiver, which behaves or not.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::notifications::{
    loopback::{Protocol, Server, State},
    wire::Wire,
};

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

/// The receiver; it gets calls.
pub(crate) type Receiver = Server<Http>;

impl Receiver {
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address())
    }
}

/// HTTP.
pub(crate) enum Http {}

impl Protocol for Http {
    type Behaviour = Behaviour;
    type Got = Call;

    const AT_FIRST: Behaviour = Behaviour::Answer(204);

    async fn converse(mut stream: Wire, state: Arc<State<Self>>) -> Option<()> {
        let (headers, body) = read(&mut stream).await?;
        let behaviour = state.behaviour();
        state.keep(Call {
            headers,
            body,
            behaviour,
        });
        let answer = match behaviour {
            Behaviour::Answer(status) => {
                format!(
                    "HTTP/1.1 {status} X\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n"
                )
            }
            Behaviour::Hang => return std::future::pending().await,
            Behaviour::CloseAfterTaking => return None,
            Behaviour::CloseMidAnswer => {
                "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nthis is not all of".to_owned()
            }
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        stream.shutdown().await.ok()
    }
}

async fn read(stream: &mut Wire) -> Option<(HeaderMap, Vec<u8>)> {
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
