//! What the service is told when it starts.

use std::fmt;

use lettre::{
    AsyncSmtpTransport, Tokio1Executor,
    message::{Mailbox, MessageBuilder},
};

use crate::model::endpoint::Reach;

/// What the service is told when it starts.
#[derive(Clone)]
pub struct NotificationSettings {
    /// Where receivers go to see what there is for them.
    pub link: String,
    /// How mail goes out; without it, nobody can ask for mail.
    pub mail: Option<MailSettings>,
    /// Whether webhooks may lead to this machine, in clear: for development and tests only.
    pub allow_loopback: bool,
}

impl NotificationSettings {
    pub(crate) const fn reach(&self) -> Reach {
        if self.allow_loopback {
            Reach::PublicAndLoopback
        } else {
            Reach::Public
        }
    }
}

/// How mail goes out.
#[derive(Clone)]
pub struct MailSettings {
    pub(crate) transport: AsyncSmtpTransport<Tokio1Executor>,
    pub(crate) from: Mailbox,
}

/// Mail cannot go out as told.
#[derive(Debug, thiserror::Error)]
pub enum MailSettingsError {
    /// Not the address of a mail server.
    #[error(
        "not the address of a mail server, such as smtps://user:password@mail.example.org or smtp://mail.example.org?tls=required: {0}"
    )]
    Server(lettre::transport::smtp::Error),
    /// Not a sender.
    #[error("not a mail address to send from, such as Knipperlicht <noreply@example.org>: {0}")]
    From(lettre::address::AddressError),
}

/// The longest that a mail server may be silent.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(10);

impl MailSettings {
    /// By the server at `url` (`smtp:` or `smtps:`, with user and password if it wants them), in
    /// the name of `from`.
    pub fn new(url: &str, from: &str) -> Result<Self, MailSettingsError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(MailSettingsError::Server)?
            .timeout(Some(SILENCE))
            .build();
        let from = from.parse().map_err(MailSettingsError::From)?;
        Ok(Self { transport, from })
    }

    pub(crate) fn message(&self) -> MessageBuilder {
        lettre::Message::builder().from(self.from.clone())
    }
}

/// Without the server's address: that may hold a password.
impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailSettings(from {})", self.from)
    }
}
