//! Which access tokens are believed, as said on the command line or in the environment.

use std::{fs, io, net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use knipperlicht_access::{
    ClaimNames, ClaimPath, DEV_ISSUER, DevIssuer, KeySource, RoleName, TokenRules,
};
use knipperlicht_notification::Authorities;

/// Which access tokens are believed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Access tokens")]
pub(crate) struct TokenOptions {
    /// The `iss` that access tokens must carry. Its discovery document says where its public keys
    /// are, unless one of the two below does
    #[arg(long, env = "KL_TOKEN_ISSUER", default_value = "")]
    token_issuer: String,
    /// Where the issuer publishes its public keys (JWKS): `https://...`
    #[arg(long, env = "KL_JWKS_URL", conflicts_with = "jwks_file")]
    jwks_url: Option<String>,
    /// File with the public keys (JWKS) of the issuer of access tokens
    #[arg(long, env = "KL_JWKS_FILE")]
    jwks_file: Option<PathBuf>,
    /// The `aud` of which access tokens must carry one
    #[arg(
        long,
        env = "KL_TOKEN_AUDIENCE",
        default_value = "knipperlicht",
        value_delimiter = ','
    )]
    token_audience: Vec<String>,
    /// For how many hours an access token may hold at most (own default)
    #[arg(long, env = "KL_TOKEN_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=744))]
    token_hours: u16,
    /// The claim that gives the role, such as `realm_access.roles`, or a JSON pointer
    #[arg(long, env = "KL_CLAIM_ROLE", default_value = "role")]
    claim_role: ClaimPath,
    /// The claim that gives the organisation
    #[arg(long, env = "KL_CLAIM_ORGANISATION", default_value = "organisation")]
    claim_organisation: ClaimPath,
    /// The claim that gives the zones
    #[arg(long, env = "KL_CLAIM_ZONES", default_value = "zones")]
    claim_zones: ClaimPath,
    /// What the issuer calls our roles, such as `zorgraad=coordinator,signaleerder=reporter`; those
    /// that are not named here are then given to nobody
    #[arg(long, env = "KL_ROLES", value_delimiter = ',')]
    roles: Vec<RoleName>,
    /// Believe the demo people of `knipperlicht dev`: only where it listens on this machine alone
    #[arg(long, env = "KL_BELIEVE_DEV_ISSUER")]
    believe_dev_issuer: bool,
}

/// Nobody could be let in, or anybody.
#[derive(Debug, thiserror::Error)]
pub enum TokenOptionsError {
    /// Nothing says whose tokens are believed.
    #[error(
        "KL0009: nothing says whose access tokens are believed, so nobody could be let in: KL_TOKEN_ISSUER"
    )]
    NoIssuer,
    /// Nothing says for whom tokens are.
    #[error("KL0009: an empty KL_TOKEN_AUDIENCE would let in tokens that are for nobody")]
    NoAudience,
    /// Keys do not come that way.
    #[error(
        "KL0010: {0} is no https address to ask the issuer's keys at: KL_JWKS_URL, or KL_JWKS_FILE"
    )]
    NoAddress(String),
    /// The demo people of a development machine.
    #[error(
        "KL0011: the issuer of `knipperlicht dev` lets in demo people: it is believed only with --believe-dev-issuer, by what listens on this machine alone"
    )]
    DevIssuer,
    /// The file with keys.
    #[error("KL_JWKS_FILE: {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl TokenOptions {
    /// As the door takes them, for what listens there.
    pub(crate) fn rules(
        self,
        listen: SocketAddr,
        authorities: &Authorities,
    ) -> Result<TokenRules, TokenOptionsError> {
        if self.token_issuer.is_empty() {
            return Err(TokenOptionsError::NoIssuer);
        }
        if self.token_audience.is_empty() || self.token_audience.iter().any(String::is_empty) {
            return Err(TokenOptionsError::NoAudience);
        }
        let is_dev = self.token_issuer == DEV_ISSUER;
        if is_dev && !(self.believe_dev_issuer && listen.ip().is_loopback()) {
            return Err(TokenOptionsError::DevIssuer);
        }
        let keys = match (self.jwks_file, self.jwks_url) {
            (Some(path), _) => KeySource::Text(
                fs::read_to_string(&path)
                    .map_err(|source| TokenOptionsError::File { path, source })?,
            ),
            (None, Some(url)) => KeySource::Issuer {
                jwks_url: Some(https(url)?),
                roots: authorities.roots(),
            },
            (None, None) => {
                https(self.token_issuer.clone())?;
                KeySource::Issuer {
                    jwks_url: None,
                    roots: authorities.roots(),
                }
            }
        };
        let longest = if is_dev {
            DevIssuer::LONGEST
        } else {
            Duration::from_hours(u64::from(self.token_hours))
        };
        Ok(TokenRules {
            keys,
            issuer: self.token_issuer,
            audiences: self.token_audience,
            claims: ClaimNames {
                role: self.claim_role,
                organisation: self.claim_organisation,
                zones: self.claim_zones,
                roles: self.roles,
            },
            longest,
        })
    }
}

fn https(address: String) -> Result<String, TokenOptionsError> {
    if address.starts_with("https://") {
        Ok(address)
    } else {
        Err(TokenOptionsError::NoAddress(address))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Told {
        #[command(flatten)]
        tokens: TokenOptions,
    }

    fn rules(listen: &str, told: &[&str]) -> Result<TokenRules, String> {
        let told = Told::try_parse_from(["serve"].iter().chain(told)).map_err(|e| e.to_string())?;
        let rules = told
            .tokens
            .rules(listen.parse().unwrap(), &Authorities::default());
        rules.map_err(|error| error.to_string())
    }

    const HERE: &str = "127.0.0.1:7400";
    const EVERYWHERE: &str = "0.0.0.0:7400";

    #[test]
    fn without_somebody_to_believe_it_does_not_start() {
        let issuer = ["--token-issuer", "https://issuer.example/realm"];
        for (told, code) in [
            (vec![], "KL0009"),
            (vec!["--token-issuer", ""], "KL0009"),
            (vec!["--jwks-url", "https://issuer.example/keys"], "KL0009"),
            (vec!["--token-issuer", "an issuer"], "KL0010"),
            (vec!["--token-issuer", "http://issuer.example"], "KL0010"),
            (
                [&issuer[..], &["--jwks-url", "http://issuer.example/keys"]].concat(),
                "KL0010",
            ),
            (
                [&issuer[..], &["--jwks-url", "file:///keys"]].concat(),
                "KL0010",
            ),
            ([&issuer[..], &["--token-audience", ""]].concat(), "KL0009"),
        ] {
            let refused = rules(EVERYWHERE, &told).unwrap_err();
            assert!(refused.starts_with(code), "{told:?}: {refused}");
        }
        let rules = rules(EVERYWHERE, &issuer).unwrap();
        assert!(matches!(
            rules.keys,
            KeySource::Issuer { jwks_url: None, .. }
        ));
        assert_eq!(rules.audiences, ["knipperlicht"]);
        assert_eq!(rules.longest, Duration::from_hours(24));
    }

    #[test]
    fn no_role_of_our_own_can_be_given() {
        let issuer = ["--token-issuer", "https://issuer.example"];
        for roles in ["x=service", "x=link_holder", "x=king", "reporter"] {
            let told = [&issuer[..], &["--roles", roles]].concat();
            assert!(rules(EVERYWHERE, &told).is_err(), "{roles}");
        }
        let told = [&issuer[..], &["--roles", "a=reporter,b=admin"]].concat();
        assert_eq!(rules(EVERYWHERE, &told).unwrap().claims.roles.len(), 2);
    }

    #[test]
    fn the_demo_people_are_let_in_on_this_machine_alone_and_only_when_told_so() {
        let keys = [
            "--token-issuer",
            DEV_ISSUER,
            "--jwks-url",
            "https://issuer.example/keys",
        ];
        let believed = [&keys[..], &["--believe-dev-issuer"]].concat();
        for (listen, told) in [
            (HERE, &keys[..]),
            (EVERYWHERE, &keys[..]),
            (EVERYWHERE, &believed[..]),
        ] {
            let refused = rules(listen, told).unwrap_err();
            assert!(
                refused.starts_with("KL0011"),
                "{listen} {told:?}: {refused}"
            );
        }
        rules(HERE, &believed).unwrap();
        rules("[::1]:7400", &believed).unwrap();
    }
}
