use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::error::SandboxError;
use crate::home::{make_directory, write_private};

/// The names and addresses of this machine that a server of ours is called by.
const HERE: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate authority of our own, made anew each time: nobody else trusts it, and its key is
/// never written down.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: PathBuf,
}

/// The files that say who a server or a client is (PEM).
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The certificate of the authority that vouches for it.
    pub authority: PathBuf,
}

impl Authority {
    /// Makes one, whose certificate and those of whom it vouches for lie in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self, SandboxError> {
        let directory = directory.into();
        make_directory(&directory)?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Knipperlicht sandbox");
        let issuer =
            KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(params, key))?;
        let authority = Self { issuer, directory };
        write_private(&authority.certificate(), &authority.issuer.pem())?;
        Ok(authority)
    }

    /// The file with its certificate, for those who trust it.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("authority.crt")
    }

    /// Vouches for a server on this machine.
    pub fn vouch_for_this_machine(&self) -> Result<Identity, SandboxError> {
        self.vouch("here", &HERE)
    }

    /// Vouches for whoever has the files of this name: that it is called by one of `hosts`.
    pub fn vouch(&self, name: &str, hosts: &[&str]) -> Result<Identity, SandboxError> {
        let key = KeyPair::generate()?;
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let certificate = CertificateParams::new(hosts)?.signed_by(&key, &self.issuer)?;
        let identity = Identity {
            certificate: self.file(name, "crt"),
            key: self.file(name, "key"),
            authority: self.certificate(),
        };
        write_private(&identity.certificate, &certificate.pem())?;
        write_private(&identity.key, &key.serialize_pem())?;
        Ok(identity)
    }

    /// Where everything lies.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn file(&self, name: &str, extension: &str) -> PathBuf {
        self.directory.join(name).with_extension(extension)
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Authority")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}
