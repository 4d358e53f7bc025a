//! What `knipperlicht serve` needs to run beside the private servers, as a file for the shell.

use std::path::Path;

use knipperlicht_access::Published;

use super::{
    DevError, TracePlaces,
    secrets::{AUDIT_KEY, CHECKPOINTS, INDEX_KEY, MASTER_KEY, write_private},
    servers::Servers,
};

/// Where links of carers lead: to a gateway that listens where it does by itself.
const CARERS_HERE: &str = "http://localhost:7480";

const JWKS: &str = "issuer.jwks.json";

/// The file's name.
pub(super) const NAME: &str = "dev.env";

/// Writes it into `dir`; the keys that it names are in `place`. It holds the database's password: only its
/// owner may read it.
pub(super) fn write(
    dir: &Path,
    place: &Path,
    (servers, traces): (&Servers, Option<TracePlaces>),
    published: &Published,
) -> Result<(), DevError> {
    let put = |name: &str, content: &str| {
        let path = dir.join(name);
        write_private(&path, content.as_bytes()).map_err(|source| DevError::File { path, source })
    };
    put(JWKS, &published.jwks)?;
    let jwks = dir.join(JWKS).display().to_string();
    let file = |name: &str| place.join(name).display().to_string();
    let settings = [
        ("DATABASE_URL", servers.database_url.clone()),
        ("NATS_URL", servers.nats_url.clone()),
        ("KL_JWKS_FILE", jwks),
        ("KL_TOKEN_ISSUER", published.issuer.clone()),
        ("KL_TOKEN_AUDIENCE", published.audience.clone()),
        ("KL_BELIEVE_DEV_ISSUER", "true".to_owned()),
        ("KL_MASTER_KEY_FILE", file(MASTER_KEY)),
        ("KL_INDEX_KEY_FILE", file(INDEX_KEY)),
        ("KL_AUDIT_KEY_FILE", file(AUDIT_KEY)),
        ("KL_AUDIT_CHECKPOINT_DIR", file(CHECKPOINTS)),
        ("KL_CARER_ADDRESS", CARERS_HERE.to_owned()),
        ("KL_WEBHOOKS_TO_LOOPBACK", "true".to_owned()),
    ];
    let keys = servers.nats_keys.as_ref();
    let keys = keys.map(|keys| ("KL_NATS_KEYS_DIR", keys.display().to_string()));
    let traces = traces.map(|traces| {
        [
            ("KL_OTLP_ENDPOINT", format!("http://{}", traces.otlp)),
            ("KL_TRACES_URL", traces.address()),
        ]
    });
    let lines: Vec<String> = settings
        .into_iter()
        .chain(keys)
        .chain(traces.into_iter().flatten())
        .map(|(name, value)| {
            format!(
                "export {name}='{value}'
"
            )
        })
        .collect();
    put(NAME, &lines.concat())
}
