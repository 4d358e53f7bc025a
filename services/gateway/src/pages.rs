//! The page of each error code: what a problem document names as its type.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use http::header::CONTENT_TYPE;
use rust_embed::RustEmbed;

use crate::fault::Fault;

#[derive(RustEmbed)]
#[folder = "../../docs/errors"]
struct Pages;

const MARKDOWN: &str = "text/markdown; charset=utf-8";

pub(crate) fn routes() -> Router {
    Router::new().route("/docs/errors/{page}", get(page))
}

async fn page(Path(page): Path<String>) -> Response {
    match Pages::get(&page) {
        Some(found) => ([(CONTENT_TYPE, MARKDOWN)], found.data).into_response(),
        None => Fault::NoSuchCall.into_response(),
    }
}

/// Where the page of a code is.
pub(crate) fn address(code: &str) -> String {
    format!("/docs/errors/{code}.md")
}

/// What the page of a code is called; the code itself, where there is no page.
pub(crate) fn title(code: &str) -> String {
    let page = Pages::get(&format!("{code}.md"));
    page.as_ref()
        .and_then(|page| std::str::from_utf8(&page.data).ok())
        .and_then(|text| text.lines().next())
        .and_then(|line| line.strip_prefix("# "))
        .and_then(|line| line.strip_prefix(code))
        .map_or_else(|| code.to_owned(), |title| title.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_title_of_its_page() {
        assert_eq!(title("KL0022"), "It took too long");
        assert_eq!(title("KLnone"), "KLnone");
        assert_eq!(title("../errors/KL0022"), "../errors/KL0022");
    }
}
