//! How many calls are left to whoever calls. The service's door counts and says it; here it is passed
//! on.

use http::{HeaderMap, HeaderName, HeaderValue};
use tonic::metadata::MetadataMap;

/// How many in a minute.
pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// How many are left.
pub(crate) const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What a service said of it, as headers.
pub(crate) fn of(said: &MetadataMap) -> HeaderMap {
    let headers = [POLICY, LEFT].into_iter().filter_map(|name| {
        let value = said.get(name.as_str())?.as_bytes();
        Some((name, HeaderValue::from_bytes(value).ok()?))
    });
    headers.collect()
}
