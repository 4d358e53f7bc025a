//! What the service is told when it starts.

use std::{fmt, net::IpAddr};

use lettre::{
    AsyncSmtpTransport, Tokio1Executor,
    message::{Mailbox, MessageBuilder},
    transport::smtp::{Error, client::Tls},
};
use url::{Host, Url};

use crate::{
    authorities::Authorities,
    model::{endpoint::Reach, retention::Retention},
};

/// What the service is told when it starts.
#[derive(Clone)]
pub struct NotificationSettings {
    /// Where receivers go to see what there is for them.
    pub link: String,
    /// How mail goes out; without it, nobody can ask for mail.
    pub mail: Option<MailSettings>,
    /// Whose certificates webhooks may have, besides those of this machine.
    pub authorities: Authorities,
    /// Whether webhooks may lead to this machine, in clear: for development and tests only.
    pub allow_loopback: bool,
    /// How long what was delivered or given up stays listed.
    pub retention: Retention,
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
    Server(#[from] Error),
    /// Not an address at all.
    #[error("not an address such as smtps://user:password@mail.example.org: {0}")]
    Address(#[from] url::ParseError),
    /// Mail would travel in clear, or could be made to.
    #[error(
        "mail would travel in clear: say smtps://..., or smtp://...?tls=required; only a mail server on this machine may do without"
    )]
    Clear,
    /// Not a sender.
    #[error("not a mail address to send from, such as Knipperlicht <noreply@example.org>: {0}")]
    From(lettre::address::AddressError),
}

/// The longest that a mail server may be silent.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(10);

impl MailSettings {
    /// By the server at `url` (`smtp:` or `smtps:`, with user and password if it wants them), in
    /// the name of `from`. It is believed by the authorities of this machine, and by these.
    pub fn new(
        url: &str,
        from: &str,
        authorities: &Authorities,
    ) -> Result<Self, MailSettingsError> {
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?;
        let server = Url::parse(url)?;
        if let Some(tls) = tls(&server, authorities)? {
            transport = transport.tls(tls);
        } else if !is_this_machine(&server) {
            return Err(MailSettingsError::Clear);
        }
        Ok(Self {
            transport: transport.timeout(Some(SILENCE)).build(),
            from: from.parse().map_err(MailSettingsError::From)?,
        })
    }

    pub(crate) fn message(&self) -> MessageBuilder {
        lettre::Message::builder().from(self.from.clone())
    }
}

/// How what is sent to a mail server is encrypted, where it must be.
fn tls(server: &Url, authorities: &Authorities) -> Result<Option<Tls>, Error> {
    let host = server.host_str().unwrap_or_default();
    let is_required = server
        .query_pairs()
        .any(|(key, value)| key == "tls" && value == "required");
    Ok(match server.scheme() {
        "smtps" => Some(Tls::Wrapper(authorities.for_mail(host)?)),
        _ if is_required => Some(Tls::Required(authorities.for_mail(host)?)),
        _ => None,
    })
}

fn is_this_machine(server: &Url) -> bool {
    match server.host() {
        // Of a scheme that it does not know, `Url` does not tell numbers from names.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Without the server's address: that may hold a password.
impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailSettings(from {})", self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_travels_encrypted_or_not_beyond_this_machine() {
        for (url, goes) in [
            ("smtps://mail.example.org", true),
            ("smtps://user:pass%20word@mail.example.org:4650", true),
            ("smtp://mail.example.org?tls=required", true),
            ("smtp://127.0.0.1:2525", true),
            ("smtp://[::1]", true),
            ("smtp://localhost", true),
            ("smtp://mail.example.org", false),
            ("smtp://mail.example.org?tls=opportunistic", false),
            ("smtp://192.168.1.1", false),
            ("smtp://localhost.example.org", false),
            ("http://mail.example.org", false),
            ("mail.example.org", false),
            ("", false),
        ] {
            let settings = MailSettings::new(url, "a@b.example", &Authorities::default());
            assert_eq!(settings.is_ok(), goes, "{url}: {:?}", settings.err());
        }
    }
}
