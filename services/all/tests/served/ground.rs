//! The program as a process of its own, and what it needs wherever its servers are.

use std::{
    fs,
    process::{Command, Stdio},
};

use knipperlicht_access::{DevIssuer, Person, Published, Role};
use knipperlicht_privacy::MasterKey;
use knipperlicht_runtime::system_environment;
use tempfile::TempDir;

/// The program with nothing in its environment but `settings`.
pub(crate) fn program(arguments: &[&str], settings: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_knipperlicht"));
    command
        .args(arguments)
        .env_clear()
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    command
}

/// What `serve` needs, wherever its servers are.
pub(crate) struct Ground {
    directory: TempDir,
    published: Published,
    issuer: DevIssuer,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let environment = system_environment().unwrap();
        let directory = TempDir::new().unwrap();
        let issuer = DevIssuer::new(&[7; 32], environment.clone());
        let published = issuer.published().unwrap();
        let put = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        put("jwks", &published.jwks);
        put("master.key", &MasterKey::generate("test", &environment));
        Self {
            directory,
            published,
            issuer,
        }
    }

    /// The same keys elsewhere.
    pub(crate) fn with_keys_of(other: &Self) -> Self {
        let ground = Self::new();
        let keys = |ground: &Self| ground.directory.path().join("master.key");
        fs::copy(keys(other), keys(&ground)).unwrap();
        ground
    }

    /// Somebody's token.
    pub(crate) fn token(&self, role: Role, organisation: Option<&str>, zones: &[&str]) -> String {
        let person = Person {
            subject: "somebody".parse().unwrap(),
            role,
            organisation: organisation.map(|organisation| organisation.parse().unwrap()),
            zones: zones.iter().map(|zone| zone.parse().unwrap()).collect(),
        };
        self.issuer.token(&person, 3600).unwrap()
    }

    pub(crate) fn settings(
        &self,
        database_url: &str,
        nats_url: &str,
    ) -> Vec<(&'static str, String)> {
        let file = |name: &str| self.directory.path().join(name).display().to_string();
        vec![
            ("KL_LISTEN", "127.0.0.1:0".to_owned()),
            ("KL_GATEWAY_LISTEN", "127.0.0.1:0".to_owned()),
            ("DATABASE_URL", database_url.to_owned()),
            ("NATS_URL", nats_url.to_owned()),
            ("KL_JWKS_FILE", file("jwks")),
            ("KL_TOKEN_ISSUER", self.published.issuer.clone()),
            ("KL_BELIEVE_DEV_ISSUER", "true".to_owned()),
            ("KL_MASTER_KEY_FILE", file("master.key")),
        ]
    }
}
