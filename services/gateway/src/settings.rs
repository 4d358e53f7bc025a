//! How a gateway is reached, and what it tells the web app.

use std::{fmt, net::SocketAddr, str::FromStr, sync::Arc};

use http::{HeaderValue, Uri};
use knipperlicht_runtime::TlsFiles;

use crate::Demo;

/// How a gateway is reached.
#[derive(Clone)]
pub struct GatewaySettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Who it is; in clear without.
    pub tls: Option<TlsFiles>,
    /// Whether a proxy stands before it.
    pub proxy: Proxy,
    /// The pages of others that may call it from a browser.
    pub origins: Vec<Origin>,
    /// What it tells the web app.
    pub app: AppSettings,
    /// The people of a demonstration, on a development machine alone.
    pub demo: Option<Arc<dyn Demo>>,
}

impl fmt::Debug for GatewaySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewaySettings")
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

/// Whether a proxy stands before the gateway, and nobody else reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proxy {
    /// Whoever is at the other end of the connection calls.
    #[default]
    None,
    /// Who calls is the last one in `x-forwarded-for`.
    Ours,
}

/// What the web app is told.
#[derive(Debug, Clone, Default)]
pub struct AppSettings {
    /// Where its users sign in (OpenID Connect).
    pub issuer: Option<Origin>,
    /// Under which name the app is known there.
    pub client_id: Option<String>,
    /// Where whoever keeps the services running looks at traces: `/trace/ID` below it is one of them,
    /// as at Jaeger. Anybody may read it here; who may look there is for there to say.
    pub traces: Option<Origin>,
}

/// An address that is `https`, or this machine's: a page's origin, or where people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    text: String,
    origin: HeaderValue,
}

/// It is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address begins with `https://` (or `http://localhost`), such as https://care.example")]
pub struct OriginError;

impl Origin {
    /// The whole address.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, as a browser says them.
    #[must_use]
    pub const fn origin(&self) -> &HeaderValue {
        &self.origin
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let address: Uri = text.parse().map_err(|_| OriginError)?;
        let (scheme, authority) = (address.scheme_str(), address.authority());
        let (Some(scheme), Some(authority)) = (scheme, authority) else {
            return Err(OriginError);
        };
        let is_safe = match scheme {
            "https" => true,
            "http" => knipperlicht_runtime::is_this_machine(authority.host()),
            _ => false,
        };
        // It becomes part of a header that says whom pages may speak to.
        let is_plain = authority
            .as_str()
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
        let origin = format!("{scheme}://{authority}");
        if !is_safe || !is_plain || address.query().is_some() {
            return Err(OriginError);
        }
        Ok(Self {
            text: text.to_owned(),
            origin: HeaderValue::try_from(origin).map_err(|_| OriginError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_or_this_machines() {
        let good: Origin = "https://issuer.example:8443/realm".parse().unwrap();
        assert_eq!(good.origin(), "https://issuer.example:8443");
        assert_eq!(good.text(), "https://issuer.example:8443/realm");
        assert!("http://localhost:5173".parse::<Origin>().is_ok());
        for wrong in [
            "",
            "*",
            "null",
            "issuer.example",
            "http://issuer.example",
            "https://",
            "https://a.example; script-src *",
            "https://me@a.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(wrong.parse::<Origin>(), Err(OriginError), "{wrong}");
        }
    }
}
