//! A mail server that speaks SMTP, well or badly.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::notifications::{
    loopback::{Protocol, Security, Server, State},
    wire::Wire,
};

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
    /// Refuses whoever sends, for a password that is wrong.
    RefuseSender,
}

/// The server; it gets mails.
pub(crate) type MailServer = Server<Smtp>;

impl MailServer {
    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address())
    }
}

/// A header of a mail.
pub(crate) fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    mail.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap()
}

/// SMTP.
pub(crate) enum Smtp {}

impl Protocol for Smtp {
    type Behaviour = Behaviour;
    type Got = String;

    const AT_FIRST: Behaviour = Behaviour::Take;

    async fn converse(stream: Wire, state: Arc<State<Self>>) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let mut upgrade = match state.security() {
            Security::StartTls(acceptor) => Some(acceptor),
            Security::Clear | Security::Tls(_) => None,
        };
        say(&mut stream, "220 mail.test ESMTP").await?;
        loop {
            let line = hear(&mut stream).await?;
            let behaviour = state.behaviour();
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            match verb.as_str() {
                "EHLO" if upgrade.is_some() => {
                    say(&mut stream, "250-mail.test\r\n250-STARTTLS\r\n250 8BITMIME").await?;
                }
                "EHLO" => say(&mut stream, "250-mail.test\r\n250 8BITMIME").await?,
                "STARTTLS" => {
                    let acceptor = upgrade.take()?;
                    say(&mut stream, "220 go ahead").await?;
                    let encrypted = acceptor.accept(stream.into_inner()).await.ok()?;
                    stream = BufReader::new(Box::new(encrypted));
                }
                "MAIL" if behaviour == Behaviour::RefuseSender => {
                    say(&mut stream, "530 5.7.0 authentication required").await?;
                }
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
                    state.keep(mail);
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
}

async fn say(stream: &mut BufReader<Wire>, line: &str) -> Option<()> {
    let line = format!("{line}\r\n");
    stream.write_all(line.as_bytes()).await.ok()
}

async fn hear(stream: &mut BufReader<Wire>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(read) if read > 0 => Some(line.trim_end().to_owned()),
        _ => None,
    }
}
