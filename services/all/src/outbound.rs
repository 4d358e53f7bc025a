//! How notifications go out, as said on the command line or in the environment.

use std::{fs, io, path::PathBuf};

use clap::{Args, builder::RangedU64ValueParser};
use knipperlicht_notification::{
    Authorities, AuthoritiesError, MailSettings, MailSettingsError, NotificationSettings, Retention,
};

/// How notifications go out.
#[derive(Clone, Args)]
#[command(next_help_heading = "Notifications")]
pub(crate) struct OutboundOptions {
    /// Where whoever is notified goes to see what there is: the only thing a notification links to.
    /// Without it, the gateway on this machine
    #[arg(long, env = "KL_LINK")]
    link: Option<String>,
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
    /// File (PEM) with certificates of authorities that the mail server and webhooks are believed by,
    /// besides those of this machine
    #[arg(long, env = "KL_EXTRA_CA_FILE")]
    extra_ca_file: Option<PathBuf>,
    /// Let webhooks lead to this machine, in clear: for development only
    #[arg(long, env = "KL_WEBHOOKS_TO_LOOPBACK")]
    webhooks_to_loopback: bool,
    /// Days that what was delivered stays listed (own default)
    #[arg(long, env = "KL_KEEP_DELIVERED_DAYS", default_value_t = 90, value_parser = kept_days())]
    keep_delivered_days: u16,
    /// Days that what was given up stays listed (own default)
    #[arg(long, env = "KL_KEEP_DEAD_DAYS", default_value_t = 180, value_parser = kept_days())]
    keep_dead_days: u16,
}

/// At least twice as long as it is tried: what is kept no longer is told no later.
fn kept_days() -> RangedU64ValueParser<u16> {
    RangedU64ValueParser::new().range(7..=3_650)
}

/// Notifications cannot go out as told.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Mail.
    #[error("KL_SMTP_URL, KL_MAIL_FROM: {0}")]
    Mail(#[from] MailSettingsError),
    /// The file with authorities.
    #[error("KL5016: KL_EXTRA_CA_FILE: {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The authorities in it.
    #[error("KL5016: KL_EXTRA_CA_FILE: {0}")]
    Authorities(#[from] AuthoritiesError),
}

impl OutboundOptions {
    /// As the service takes it, with a link that leads to `usual` where nothing else was said.
    pub(crate) fn settings(&self, usual: &str) -> Result<NotificationSettings, OutboundError> {
        let authorities = self.authorities()?;
        let mail = self
            .smtp_url
            .as_deref()
            .filter(|url| !url.is_empty())
            .map(|url| MailSettings::new(url, &self.mail_from, &authorities))
            .transpose()?;
        Ok(NotificationSettings {
            link: self.link.clone().unwrap_or_else(|| usual.to_owned()),
            mail,
            authorities,
            allow_loopback: self.webhooks_to_loopback,
            retention: Retention::of_days(self.keep_delivered_days, self.keep_dead_days),
        })
    }

    /// Who is believed on the way out, besides this machine's authorities.
    pub(crate) fn authorities(&self) -> Result<Authorities, OutboundError> {
        let Some(path) = &self.extra_ca_file else {
            return Ok(Authorities::default());
        };
        let text = fs::read(path).map_err(|source| OutboundError::File {
            path: path.clone(),
            source,
        })?;
        Ok(Authorities::from_pem(&text)?)
    }
}

/// Without the mail server's address: that may hold a password.
impl std::fmt::Debug for OutboundOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OutboundOptions(..)")
    }
}
