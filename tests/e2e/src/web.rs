//! Somebody who speaks HTTP with the gateway, as a browser or another program does.

use std::{net::SocketAddr, time::Duration};

use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt, Full};
use hyper::{
    Response,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

/// Far beyond what anything here takes, so that only a real stall fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody at the gateway.
#[derive(Debug, Clone)]
pub struct Web {
    address: SocketAddr,
    token: Option<String>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// What was sent.
    pub body: Vec<u8>,
}

impl Answer {
    async fn read(response: Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let body = timeout(PATIENCE, body.collect()).await.expect("an end");
        Self {
            status: parts.status,
            headers: parts.headers,
            body: body.expect("an answer").to_bytes().to_vec(),
        }
    }

    /// What was sent, as JSON; nothing where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text; empty without.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The status and the code of a problem document.
    #[must_use]
    pub fn problem(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or("").to_owned();
        (self.status.as_u16(), code)
    }
}

impl Web {
    /// Somebody without a token.
    #[must_use]
    pub const fn at(address: SocketAddr) -> Self {
        Self {
            address,
            token: None,
        }
    }

    /// Somebody with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            address: self.address,
            token: Some(token.to_owned()),
        }
    }

    /// Where the gateway is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[], &body.to_string()).await
    }

    /// Sends anything; what is sent is JSON unless a header says otherwise.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        Answer::read(self.open(method, path, headers, body).await).await
    }

    /// Listens to server-sent events.
    pub async fn listen(&self, path: &str) -> Events {
        let response = self.open(Method::GET, path, &[], "").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        Events {
            body: response.into_body(),
            read: String::new(),
        }
    }

    /// The same on one connection, for whoever has much to send.
    pub async fn keep(&self) -> Kept {
        Kept {
            sender: self.connect().await,
            web: self.clone(),
        }
    }

    async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Incoming> {
        let request = self.request(method, path, headers, body.as_bytes());
        // The connection ends with the answer, or with whoever drops that.
        let mut sender = self.connect().await;
        let answer = timeout(PATIENCE, sender.send_request(request)).await;
        answer.expect("an answer in time").expect("an answer")
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(HOST, self.address.to_string());
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::copy_from_slice(body));
        request.body(body).expect("a request")
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let stream = TcpStream::connect(self.address).await.expect("a gateway");
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.expect("HTTP");
        tokio::spawn(connection);
        sender
    }
}

/// Somebody at the gateway, on one connection.
#[derive(Debug)]
pub struct Kept {
    web: Web,
    sender: SendRequest<Full<Bytes>>,
}

impl Kept {
    /// Sends anything; what is sent is JSON unless a header says otherwise.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let request = self.web.request(method, path, headers, body);
        if self.sender.ready().await.is_err() {
            self.sender = self.web.connect().await;
        }
        let answer = timeout(PATIENCE, self.sender.send_request(request)).await;
        Answer::read(answer.expect("an answer in time").expect("an answer")).await
    }
}

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Its kind.
    pub event: String,
    /// Its id.
    pub id: String,
    /// What it says.
    pub data: String,
}

/// A stream of events.
pub struct Events {
    body: Incoming,
    read: String,
}

impl Events {
    /// The next one that says anything; nothing when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let event = parse(block);
                let rest = rest.to_owned();
                self.read = rest;
                if !event.data.is_empty() {
                    return Some(event);
                }
            }
            let frame = timeout(PATIENCE, self.body.frame()).await;
            let frame = frame.expect("an event in time")?.ok()?;
            let data = frame.into_data().unwrap_or_default();
            self.read.push_str(&String::from_utf8_lossy(&data));
        }
    }
}

fn parse(block: &str) -> Event {
    let mut event = Event::default();
    for line in block.lines() {
        match line.split_once(": ") {
            Some(("event", text)) => text.clone_into(&mut event.event),
            Some(("id", text)) => text.clone_into(&mut event.id),
            Some(("data", text)) => event.data.push_str(text),
            _ => {}
        }
    }
    event
}
