//! A page to look at the interface with, and to try it: Swagger UI, as it comes with a crate. Nothing
//! of it is fetched from elsewhere.

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};

/// Compressed as they came; every browser unpacks them.
const SCRIPT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"));
const STYLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"));
const PAGE: &str = include_str!("explorer/page.html");
const START: &str = include_str!("explorer/start.js");

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// It changes with the program alone.
const A_DAY: &str = "public, max-age=86400";

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/api/docs", get(|| async { plain(HTML, PAGE) }))
        .route(
            "/api/docs/start.js",
            get(|| async { plain(JAVASCRIPT, START) }),
        )
        .route(
            "/api/docs/swagger-ui.js",
            get(|| async { packed(JAVASCRIPT, SCRIPT) }),
        )
        .route(
            "/api/docs/swagger-ui.css",
            get(|| async { packed(CSS, STYLE) }),
        )
}

fn plain(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], text).into_response()
}

fn packed(kind: &'static str, content: &'static [u8]) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_ENCODING, "gzip"),
        (CACHE_CONTROL, A_DAY),
    ];
    (headers, content).into_response()
}
