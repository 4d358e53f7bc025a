//! The web app, as it was built into this program.

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{GatewaySettings, etag, fault::Fault};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Built;

const INDEX: &str = "index.html";

/// What stands in the place of the app where none was built.
const NOT_BUILT: &str = include_str!("app/not_built.html");

/// Names below it say what is in the file, by a hash: they never change.
const HASHED: &str = "assets/";

/// Addresses that the app has no page at.
const NOT_THE_APPS: [&str; 6] = [HASHED, "api/", "dev/", "docs/", "fhir/", "knipperlicht."];

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";

/// What the app asks first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    version: String,
    issuer: Option<&'a str>,
    client_id: Option<&'a str>,
    traces: Option<&'a str>,
    demo: bool,
}

/// The app at every address that nothing else answers.
pub(crate) fn routes(settings: &GatewaySettings) -> Router {
    let config = Config {
        version: version(),
        issuer: settings.app.issuer.as_ref().map(super::Origin::text),
        client_id: settings.app.client_id.as_deref(),
        traces: settings.app.traces.as_ref().map(super::Origin::text),
        demo: settings.demo.is_some(),
    };
    let config = serde_json::to_vec(&config).unwrap_or_default();
    Router::new()
        .route("/app/config.json", get(told))
        .with_state(config)
        .fallback(page)
}

/// The program's version and what of the app is in it: another app is another version.
fn version() -> String {
    let mut names: Vec<_> = Built::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in &names {
        hash.update(name.as_bytes());
        if let Some(file) = Built::get(name) {
            hash.update(file.metadata.sha256_hash());
        }
    }
    let hash = etag::hex(&hash.finalize()[..6]);
    format!("{}+{hash}", env!("CARGO_PKG_VERSION"))
}

async fn told(State(config): State<Vec<u8>>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, ASK_EACH_TIME),
    ];
    (headers, config).into_response()
}

async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Fault::NoSuchCall.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if !path.is_empty()
        && !is_variant(path)
        && let Some(file) = Built::get(path)
    {
        return answer(path, file, &headers);
    }
    // The app knows more addresses than there are files; what else asks for one it does not mean.
    let is_the_apps = !NOT_THE_APPS.iter().any(|other| path.starts_with(other));
    if !is_the_apps || !(path.is_empty() || wants_a_page(&headers)) {
        return Fault::NoSuchCall.into_response();
    }
    let Some(index) = Built::get(INDEX) else {
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
        ];
        return (headers, NOT_BUILT).into_response();
    };
    answer(INDEX, index, &headers)
}

/// Whether a file is another one, compressed: it is served in that one's name.
fn is_variant(path: &str) -> bool {
    ENCODINGS.iter().any(|(ending, _)| path.ends_with(ending))
}

const ENCODINGS: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

fn answer(path: &str, plain: EmbeddedFile, asked: &HeaderMap) -> Response {
    let Some(etag) = etag::of_hash(&plain.metadata.sha256_hash()) else {
        return Fault::NoSuchCall.into_response();
    };
    let caching = if path.starts_with(HASHED) {
        FOR_EVER
    } else {
        ASK_EACH_TIME
    };
    let is_there = etag::is_there(asked, &etag);
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(ETAG, etag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if is_there {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind_of(path)));
    let compressed = ENCODINGS.iter().find_map(|(ending, encoding)| {
        let variant = Built::get(&format!("{path}{ending}"));
        variant
            .filter(|_| accepts(asked, encoding))
            .map(|file| (file, encoding))
    });
    let content = match compressed {
        Some((file, encoding)) => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            file
        }
        None => plain,
    };
    *response.body_mut() = match content.data {
        std::borrow::Cow::Borrowed(bytes) => Body::from(bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes),
    };
    response
}

fn wants_a_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"))
}

/// Whether whoever asks takes this encoding.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| {
            let mut parts = one.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            let refused = parts.any(|part| {
                part.strip_prefix("q=")
                    .and_then(|weight| weight.parse::<f32>().ok())
                    .is_some_and(|weight| weight <= 0.0)
            });
            named && !refused
        })
}

/// What is in a file, by its name's ending.
fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: http::HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn what_is_compressed_goes_to_whoever_takes_it() {
        let takes = |value| accepts(&asking(ACCEPT_ENCODING, value), "br");
        for good in ["br", "gzip, br", "gzip;q=0.8, BR;q=0.5"] {
            assert!(takes(good), "{good}");
        }
        for bad in ["", "gzip", "br;q=0", "brotli", "br;q=0.0, gzip"] {
            assert!(!takes(bad), "{bad}");
        }
    }

    #[tokio::test]
    async fn an_address_of_the_app_is_the_app_for_a_browser_and_nothing_for_others() {
        let ask = async |path: &'static str, accept: &'static str| {
            let headers = asking(ACCEPT, accept);
            page(Method::GET, Uri::from_static(path), headers).await
        };
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        for path in ["/", "/signals/0193", "/my_situation"] {
            let response = ask(path, browser).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let kind = &response.headers()[CONTENT_TYPE];
            assert_eq!(kind, "text/html; charset=utf-8", "{path}");
        }
        for path in ["/signals/0193", "/my_situation"] {
            let other = ask(path, "application/json").await;
            assert_eq!(other.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let calls = ask("/api/v2/signals", browser).await;
        assert_eq!(calls.status(), StatusCode::NOT_FOUND);
        let gone = ask("/assets/app-0badcafe.js", browser).await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    }
}
