//! Options that every command of the client shares.

use std::{
    fs,
    path::{Path, PathBuf},
};

use knipperlicht_contracts::event::Service;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use super::CliError;

/// What every command of the client needs to know. Every group of commands flattens this.
#[derive(Clone, clap::Args)]
pub struct ClientOptions {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Print JSON rather than tables; what is watched comes as one object a line
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
}

/// Where the services are, and as whom to speak to them.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    #[command(flatten)]
    services: ServiceUrls,
    #[command(flatten)]
    pub(crate) trust: Trust,
    // The two below read their variables in `credentials`, not here: what is typed must win over
    // what is set in the environment, also when it is the other of the two.
    #[arg(
        help = "An access token [env: KL_TOKEN]",
        long,
        global = true,
        value_name = "TOKEN",
        conflicts_with = "person"
    )]
    pub(crate) token: Option<String>,
    #[arg(
        help = "Speak as somebody of the demo: cleaner, nurse, coordinator, or a partner's id [env: KL_AS]",
        long = "as",
        id = "person",
        global = true,
        value_name = "PERSON"
    )]
    pub(crate) person: Option<String>,
    /// Where `make run` keeps the tokens of the people of the demo
    #[arg(
        long,
        global = true,
        env = "KL_DEV_DIR",
        value_name = "DIR",
        default_value = ".knipperlicht",
        hide_short_help = true
    )]
    pub(crate) dev_dir: PathBuf,
}

/// Where the services listen: together, or each elsewhere.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ServiceUrls {
    /// Where the services listen
    #[arg(
        long,
        global = true,
        env = "KL_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:7400"
    )]
    server: String,
    /// Where intake listens, if elsewhere
    #[arg(
        long,
        global = true,
        env = "KL_INTAKE_URL",
        value_name = "URL",
        hide_short_help = true
    )]
    intake_url: Option<String>,
    /// Where assessment listens, if elsewhere
    #[arg(
        long,
        global = true,
        env = "KL_ASSESSMENT_URL",
        value_name = "URL",
        hide_short_help = true
    )]
    assessment_url: Option<String>,
    /// Where routing listens, if elsewhere
    #[arg(
        long,
        global = true,
        env = "KL_ROUTING_URL",
        value_name = "URL",
        hide_short_help = true
    )]
    routing_url: Option<String>,
    /// Where follow-up listens, if elsewhere
    #[arg(
        long,
        global = true,
        env = "KL_FOLLOWUP_URL",
        value_name = "URL",
        hide_short_help = true
    )]
    followup_url: Option<String>,
    /// Where notification listens, if elsewhere
    #[arg(
        long,
        global = true,
        env = "KL_NOTIFICATION_URL",
        value_name = "URL",
        hide_short_help = true
    )]
    notification_url: Option<String>,
}

/// Whom to believe at an `https://` address, and who we are there.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Trust {
    /// File with the authorities (PEM) that an https:// server is believed by, instead of those of this
    /// machine
    #[arg(
        long,
        global = true,
        env = "KL_CA_FILE",
        value_name = "FILE",
        hide_short_help = true
    )]
    pub(super) ca_file: Option<PathBuf>,
    /// File with our own certificate (PEM), where the server asks for one
    #[arg(
        long,
        global = true,
        env = "KL_CLIENT_CERT_FILE",
        value_name = "FILE",
        hide_short_help = true
    )]
    pub(super) client_cert: Option<PathBuf>,
    /// File with the private key that goes with it (PEM)
    #[arg(
        long,
        global = true,
        env = "KL_CLIENT_KEY_FILE",
        value_name = "FILE",
        hide_short_help = true
    )]
    pub(super) client_key: Option<PathBuf>,
}

impl Trust {
    /// As the transport takes it.
    pub(crate) fn tls(&self) -> Result<ClientTlsConfig, CliError> {
        let tls = match &self.ca_file {
            None => ClientTlsConfig::new().with_native_roots(),
            Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
        };
        match (&self.client_cert, &self.client_key) {
            (None, None) => Ok(tls),
            (Some(certificate), Some(key)) => {
                Ok(tls.identity(Identity::from_pem(read(certificate)?, read(key)?)))
            }
            _ => Err(CliError::Usage(
                "a certificate of our own takes both: --client-cert and --client-key".to_owned(),
            )),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path)
        .map_err(|error| CliError::Usage(format!("{} cannot be read: {error}", path.display())))
}

impl Connection {
    /// Where a service listens.
    pub(crate) fn url(&self, service: Service) -> &str {
        self.services.url(service)
    }
}

impl ServiceUrls {
    /// Where a service listens.
    pub(crate) fn url(&self, service: Service) -> &str {
        let own = match service {
            Service::Intake => &self.intake_url,
            Service::Assessment => &self.assessment_url,
            Service::Routing => &self.routing_url,
            Service::Followup => &self.followup_url,
            Service::Notification => &self.notification_url,
        };
        own.as_deref()
            .filter(|url| !url.is_empty())
            .unwrap_or(&self.server)
    }
}
