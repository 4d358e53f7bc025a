//! Where a webhook may lead: nowhere but to the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Characters at most in an address.
const LONGEST: usize = 2_000;

/// Which receivers may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those on the public internet, by `https`.
    Public,
    /// This machine as well, by `http` too: for development and tests.
    PublicAndLoopback,
}

/// Where a webhook leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) uri: Uri,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
}

/// Why an address cannot be a webhook's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is none.
    #[error("not an address such as https://care.example.org/knipperlicht")]
    Malformed,
    /// It would travel in clear.
    #[error("not an https address: what is sent travels encrypted")]
    NotHttps,
    /// It carries a name or a password.
    #[error("it carries a user name: put a secret into the path instead")]
    UserName,
    /// It leads into a private network.
    #[error("it leads into a network that is not public")]
    NotPublic,
}

impl Endpoint {
    /// Reads an address. What its name leads to is checked at every call.
    pub(crate) fn parse(text: &str, reach: Reach) -> Result<Self, EndpointError> {
        let uri: Uri = text.parse().map_err(|_| EndpointError::Malformed)?;
        let authority = uri.authority().ok_or(EndpointError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(EndpointError::UserName);
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if host.is_empty() || text.len() > LONGEST {
            return Err(EndpointError::Malformed);
        }
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if reach == Reach::PublicAndLoopback => false,
            _ => return Err(EndpointError::NotHttps),
        };
        let port = match (authority.port_u16(), is_tls) {
            (Some(port), _) => port,
            (None, true) => 443,
            (None, false) => 80,
        };
        let endpoint = Self {
            uri,
            host,
            port,
            is_tls,
        };
        match endpoint.host.parse::<IpAddr>() {
            Ok(address) if !endpoint.may_call(address, reach) => Err(EndpointError::NotPublic),
            _ => Ok(endpoint),
        }
    }

    /// Whether it may be called at this address. In clear only this machine may be.
    pub(crate) fn may_call(&self, address: IpAddr, reach: Reach) -> bool {
        let own_machine = reach == Reach::PublicAndLoopback && address.to_canonical().is_loopback();
        own_machine || (self.is_tls && is_public(address))
    }
}

/// Whether an address is on the public internet, and not one that stands for another one.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// By the special-purpose registry of IANA (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        // This network; shared by providers; protocol assignments; benchmarks; reserved.
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240;
    !special
}

/// Global unicast only, without documentation and what tunnels to IPv4 (Teredo, 6to4).
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let global = a & 0xe000 == 0x2000;
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || a == 0x2002 || a == 0x3fff;
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for public in ["193.190.1.1", "8.8.8.8", "2a02:2c40::1", "100.128.0.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2001:db8::1",
            "2001::1",
            "2002:a00:1::",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn an_address_is_https_and_leads_outside() {
        use EndpointError::{Malformed, NotHttps, NotPublic, UserName};

        let parse = |text: &str| Endpoint::parse(text, Reach::Public);
        let endpoint = parse("https://care.example.org:8443/hook?a=b").unwrap();
        assert_eq!(
            (endpoint.host.as_str(), endpoint.port),
            ("care.example.org", 8443)
        );
        for (text, error) in [
            ("http://care.example.org/", NotHttps),
            ("ftp://care.example.org/", NotHttps),
            ("file:///etc/passwd", Malformed),
            ("care.example.org", NotHttps),
            ("https://", Malformed),
            ("", Malformed),
            ("https://an@care.example.org/", UserName),
            ("https://10.0.0.1/", NotPublic),
            ("https://[::1]/", NotPublic),
            ("https://[::ffff:169.254.169.254]/", NotPublic),
            ("https://127.0.0.1/", NotPublic),
        ] {
            assert_eq!(parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn in_clear_only_this_machine_and_only_where_that_is_allowed() {
        let reach = Reach::PublicAndLoopback;
        let here = Endpoint::parse("http://127.0.0.1:8080/hook", reach).unwrap();
        assert!(here.may_call("127.0.0.1".parse().unwrap(), reach));
        assert!(!here.may_call("8.8.8.8".parse().unwrap(), reach));
        assert!(!here.may_call("10.0.0.1".parse().unwrap(), reach));
        assert!(Endpoint::parse("http://8.8.8.8/", reach).is_err());
    }
}
