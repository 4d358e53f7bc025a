//! Whose certificates are believed on the way out.

use lettre::transport::smtp::{
    Error,
    client::{Certificate, TlsParameters},
};
use tokio_rustls::rustls::{
    self, RootCertStore,
    pki_types::{
        CertificateDer,
        pem::{self, PemObject},
    },
};

/// Authorities that are trusted besides those of this machine: an organisation's own.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Vec<CertificateDer<'static>>);

/// Why nobody can be trusted by a file.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// It does not have the form.
    #[error("not a file of certificates (PEM): {0}")]
    Form(pem::Error),
    /// There is none in it.
    #[error("there is no certificate in it: it holds those of the authorities, in PEM")]
    Empty,
    /// One of its certificates cannot be read.
    #[error("its certificate {number}: {source}")]
    Certificate {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        source: rustls::Error,
    },
}

impl Authorities {
    /// Those in a file of certificates (PEM).
    pub fn from_pem(text: &[u8]) -> Result<Self, AuthoritiesError> {
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(text)
            .collect::<Result<_, _>>()
            .map_err(AuthoritiesError::Form)?;
        if certificates.is_empty() {
            return Err(AuthoritiesError::Empty);
        }
        let mut readable = RootCertStore::empty();
        for (number, certificate) in (1..).zip(&certificates) {
            readable
                .add(certificate.clone())
                .map_err(|source| AuthoritiesError::Certificate { number, source })?;
        }
        Ok(Self(certificates))
    }

    /// Those of this machine, and these.
    #[must_use]
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.0.iter().cloned());
        roots
    }

    /// The same for the mail server `host`.
    pub(crate) fn for_mail(&self, host: &str) -> Result<TlsParameters, Error> {
        let mut parameters = TlsParameters::builder(host.to_owned());
        for certificate in &self.0 {
            parameters =
                parameters.add_root_certificate(Certificate::from_der(certificate.to_vec())?);
        }
        parameters.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_names_nobody_is_refused() {
        for (text, said) in [
            ("", "there is no certificate"),
            ("an authority", "there is no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n",
                "not a file of certificates",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "its certificate 1",
            ),
        ] {
            let refused = Authorities::from_pem(text.as_bytes()).unwrap_err();
            assert!(refused.to_string().starts_with(said), "{text}: {refused}");
        }
    }
}
