//! How notifications go out, as said on the command line or in the environment.

use clap::Args;
use knipperlicht_notification::{MailSettings, MailSettingsError, NotificationSettings};

/// How notifications go out.
#[derive(Clone, Args)]
#[command(next_help_heading = "Notifications")]
pub(crate) struct OutboundOptions {
    /// Where whoever is notified goes to see what there is: the only thing a notification links to
    #[arg(long, env = "KL_LINK", default_value = "http://127.0.0.1:7400/")]
    link: String,
    /// The mail server, such as `smtps://user:password@mail.example.org`; without it nobody is mailed
    #[arg(long, env = "KL_SMTP_URL", hide_env_values = true)]
    smtp_url: Option<String>,
    /// In whose name mail is sent
    #[arg(
        long,
        env = "KL_MAIL_FROM",
        default_value = "Knipperlicht <knipperlicht@localhost>"
    )]
    mail_from: String,
    /// Let webhooks lead to this machine, in clear: for development only
    #[arg(long, env = "KL_WEBHOOKS_TO_LOOPBACK")]
    webhooks_to_loopback: bool,
}

impl OutboundOptions {
    /// As the service takes it.
    pub(crate) fn settings(&self) -> Result<NotificationSettings, MailSettingsError> {
        let mail = self
            .smtp_url
            .as_deref()
            .filter(|url| !url.is_empty())
            .map(|url| MailSettings::new(url, &self.mail_from))
            .transpose()?;
        Ok(NotificationSettings {
            link: self.link.clone(),
            mail,
            allow_loopback: self.webhooks_to_loopback,
        })
    }
}

/// Without the mail server's address: that may hold a password.
impl std::fmt::Debug for OutboundOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OutboundOptions(..)")
    }
}
