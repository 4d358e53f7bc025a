//! The answer to a call, as JSON.

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LINK},
};
use prost_reflect::{DynamicMessage, ReflectMessage, SerializeOptions, Value};

use crate::etag;

/// The field by which a list goes on, and the parameter that it becomes.
const NEXT_PAGE: &str = "next_page_token";
const PAGE: &str = "page_token";

const JSON: &str = "application/json";

/// Kept by who asked, for comparing alone: another time the answer is another one.
const ASK_EACH_TIME: &str = "private, no-cache";
const NOT_KEPT: &str = "no-store";

/// A message as JSON, with every field that is not a message: who reads a list finds one there, also
/// when it is empty.
pub(crate) fn json(message: &DynamicMessage) -> Vec<u8> {
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::new(&mut text);
    if let Err(error) = message.serialize_with_options(&mut writer, &options) {
        // A moment that no calendar has: a service made a mistake.
        tracing::error!(%error, message = message.descriptor().full_name(), "an answer is no JSON");
        return Vec::new();
    }
    text
}

/// What is said to whoever asked `uri`.
pub(crate) fn response(
    method: &Method,
    uri: &Uri,
    asked: &HeaderMap,
    answer: &DynamicMessage,
) -> Response {
    let text = json(answer);
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let is_reading = matches!(*method, Method::GET | Method::HEAD);
    let caching = if is_reading { ASK_EACH_TIME } else { NOT_KEPT };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Some(next) = next_page(uri, answer) {
        headers.insert(LINK, next);
    }
    if let Some(etag) = etag::of(&text).filter(|_| is_reading) {
        let is_there = etag::is_there(asked, &etag);
        headers.insert(ETAG, etag);
        if is_there {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    *response.body_mut() = Body::from(text);
    response
}

/// Where a list goes on (RFC 8288).
fn next_page(uri: &Uri, answer: &DynamicMessage) -> Option<HeaderValue> {
    let token = match answer.get_field_by_name(NEXT_PAGE)?.into_owned() {
        Value::String(token) if !token.is_empty() => token,
        _ => return None,
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    let asked = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    query.extend_pairs(asked.filter(|(name, _)| name != PAGE && name != "pageToken"));
    query.append_pair(PAGE, &token);
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish());
    HeaderValue::try_from(link).ok()
}

#[cfg(test)]
mod tests {
    use knipperlicht_contracts::DESCRIPTORS;
    use prost_reflect::DescriptorPool;

    use super::*;

    fn page(next: &str) -> DynamicMessage {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let kind = pool.get_message_by_name("knipperlicht.intake.v1.ListMySignalsResponse");
        let mut page = DynamicMessage::new(kind.unwrap());
        page.set_field_by_name(NEXT_PAGE, Value::String(next.to_owned()));
        page
    }

    #[test]
    fn an_empty_list_is_there_and_a_list_that_goes_on_says_where() {
        let last = page("");
        assert_eq!(json(&last), br#"{"signals":[],"nextPageToken":""}"#);
        let uri: Uri = "/api/v1/signals?page_size=2&page_token=a".parse().unwrap();
        let ask = |answer: &DynamicMessage| response(&Method::GET, &uri, &HeaderMap::new(), answer);
        assert_eq!(ask(&last).headers().get(LINK), None);
        assert_eq!(
            ask(&page("b+c")).headers()[LINK],
            "</api/v1/signals?page_size=2&page_token=b%2Bc>; rel=\"next\""
        );
    }

    #[test]
    fn whoever_has_the_answer_already_does_not_get_it_again() {
        let uri = Uri::from_static("/api/v1/signals");
        let first = response(&Method::GET, &uri, &HeaderMap::new(), &page(""));
        let mut asked = HeaderMap::new();
        asked.insert("if-none-match", first.headers()[ETAG].clone());
        let ask =
            |method, answer: &DynamicMessage| response(&method, &uri, &asked, answer).status();
        assert_eq!(ask(Method::GET, &page("")), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(Method::GET, &page("more")), StatusCode::OK);
        assert_eq!(ask(Method::POST, &page("")), StatusCode::OK);
    }
}
