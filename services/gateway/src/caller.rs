//! Who calls, as the services are told: the token, the trace, the language, the address. Nothing else
//! of a request travels on.

use std::net::IpAddr;

use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT_LANGUAGE, AUTHORIZATION},
};
use knipperlicht_runtime::{peer_of, sampled_traceparent};
use tracing::Span;

use crate::Proxy;

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Says who calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    proxy: Proxy,
}

impl Caller {
    pub(crate) const fn new(proxy: Proxy) -> Self {
        Self { proxy }
    }

    /// What the services are told of who sent a request with these headers.
    pub(crate) fn told(self, headers: &HeaderMap, extensions: &Extensions) -> HeaderMap {
        let mut told = HeaderMap::new();
        // All of them: that somebody sent two tokens is the door's to refuse.
        for token in headers.get_all(AUTHORIZATION) {
            let mut token = token.clone();
            token.set_sensitive(true);
            told.append(AUTHORIZATION, token);
        }
        for name in [TRACEPARENT, TRACESTATE, ACCEPT_LANGUAGE] {
            if let Some(value) = headers.get(&name) {
                told.insert(name, value.clone());
            }
        }
        let own = sampled_traceparent(&Span::current());
        if let Some(own) = own.and_then(|own| HeaderValue::try_from(own).ok()) {
            told.insert(TRACEPARENT, own);
        }
        let address = self.address(headers, extensions);
        if let Some(address) = address.and_then(|it| HeaderValue::try_from(it.to_string()).ok()) {
            told.insert(FORWARDED, address);
        }
        told
    }

    fn address(self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        let forwarded = match self.proxy {
            Proxy::None => None,
            // Our proxy added the last one; those before it anybody can have written.
            Proxy::Ours => headers
                .get_all(FORWARDED)
                .iter()
                .next_back()
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.rsplit(',').next()?.trim().parse().ok()),
        };
        forwarded.or_else(|| peer_of(extensions))
    }
}

#[cfg(test)]
mod tests {
    use tonic::transport::server::TcpConnectInfo;

    use super::*;

    fn told(proxy: Proxy, headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.append(*name, HeaderValue::from_static(value));
        }
        let mut extensions = Extensions::new();
        extensions.insert(TcpConnectInfo {
            local_addr: None,
            remote_addr: Some(([192, 0, 2, 7], 4000).into()),
        });
        Caller::new(proxy).told(&sent, &extensions)
    }

    #[test]
    fn who_calls_travels_on_and_nothing_else() {
        let told = told(
            Proxy::None,
            &[
                ("authorization", "Bearer one"),
                ("authorization", "Bearer two"),
                ("cookie", "a=b"),
                (
                    "traceparent",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                ),
                ("accept-language", "fr"),
                ("x-forwarded-for", "203.0.113.9"),
                ("user-agent", "somebody's phone"),
            ],
        );
        assert_eq!(told.get_all("authorization").iter().count(), 2);
        assert!(!format!("{told:?}").contains("Bearer"), "{told:?}");
        assert_eq!(told["accept-language"], "fr");
        assert_eq!(told["x-forwarded-for"], "192.0.2.7");
        assert!(told.contains_key("traceparent"));
        assert!(!told.contains_key("cookie") && !told.contains_key("user-agent"));
    }

    #[test]
    fn what_a_proxy_says_is_believed_where_it_is_ours() {
        let sent = &[("x-forwarded-for", "203.0.113.9, 198.51.100.4")];
        assert_eq!(told(Proxy::Ours, sent)["x-forwarded-for"], "198.51.100.4");
        assert_eq!(told(Proxy::None, sent)["x-forwarded-for"], "192.0.2.7");
        assert_eq!(told(Proxy::Ours, &[])["x-forwarded-for"], "192.0.2.7");
    }
}
