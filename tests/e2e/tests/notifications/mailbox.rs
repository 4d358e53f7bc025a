//! A mail server on loopback that speaks SMTP, well or badly.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use knipperlicht_harness::eventually;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::loopback::Loopback;

/// What the server does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Takes it.
    Take,
    /// Closes in the middle of its text.
    DieMidMessage,
    /// Takes it, and closes before it says so.
    TakeAndDie,
    /// Asks to try later.
    Defer,
    /// Refuses the mailbox for good.
    Refuse,
}

struct State {
    behaviour: Behaviour,
    mails: Vec<String>,
}

/// The server.
pub(crate) struct MailServer {
    server: Loopback,
    state: Arc<Mutex<State>>,
}

fn conversation(
    state: &Arc<Mutex<State>>,
) -> impl Fn(TcpStream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + use<> {
    let state = Arc::clone(state);
    move |stream| {
        let state = Arc::clone(&state);
        Box::pin(async move {
            let _ = serve(stream, state).await;
        })
    }
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            behaviour: Behaviour::Take,
            mails: Vec::new(),
        }));
        Self {
            server: Loopback::start(conversation(&state)).await,
            state,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.server.address())
    }

    pub(crate) fn behaves(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().behaviour = behaviour;
    }

    pub(crate) async fn kill(&mut self) {
        self.server.kill().await;
    }

    pub(crate) async fn restart(&mut self) {
        self.server.restart(conversation(&self.state)).await;
    }

    /// What it took, as it came.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.state.lock().unwrap().mails.clone()
    }

    pub(crate) async fn gets(&self, mails: usize) -> Vec<String> {
        eventually(&format!("{mails} mails"), async || {
            Some(self.mails()).filter(|got| got.len() >= mails)
        })
        .await
    }
}

/// A header of a mail.
pub(crate) fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    mail.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap()
}

/// One conversation; nothing more when the other side has gone.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 mail.test ESMTP").await?;
    loop {
        let line = hear(&mut stream).await?;
        let behaviour = state.lock().unwrap().behaviour;
        let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "EHLO" => say(&mut stream, "250-mail.test\r\n250 8BITMIME").await?,
            "RCPT" if behaviour == Behaviour::Defer => {
                say(&mut stream, "451 4.3.0 come back later").await?;
            }
            "RCPT" if behaviour == Behaviour::Refuse => {
                say(&mut stream, "550 5.1.1 no such mailbox").await?;
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let mut mail = String::new();
                loop {
                    let line = hear(&mut stream).await?;
                    if behaviour == Behaviour::DieMidMessage {
                        return None;
                    }
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                state.lock().unwrap().mails.push(mail);
                if behaviour == Behaviour::TakeAndDie {
                    return None;
                }
                say(&mut stream, "250 2.0.0 taken").await?;
            }
            "QUIT" => {
                say(&mut stream, "221 bye").await?;
                return None;
            }
            _ => say(&mut stream, "250 ok").await?,
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    stream
        .write_all(format!("{line}\r\n").as_bytes())
        .await
        .ok()
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(read) if read > 0 => Some(line.trim_end().to_owned()),
        _ => None,
    }
}
