//! The path of a call: fixed parts, fields of the request in braces, and what is done after a colon,
//! such as `/api/v1/signals/{signal_id}:withdraw`.

use percent_encoding::percent_decode_str;

/// A path with fields in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    text: String,
    parts: Vec<Part>,
    verb: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Fixed(String),
    Field(String),
}

/// A field and what stands in its place.
pub(crate) type Filled<'t> = (&'t str, String);

impl Template {
    /// Reads one; nothing where it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let path = text.strip_prefix('/')?;
        let (path, verb) = match path.rsplit_once(':') {
            Some((path, verb)) => (path, Some(verb.to_owned())),
            None => (path, None),
        };
        let parts = path.split('/').map(|part| {
            let field = part.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
            match field {
                Some(field) if !field.is_empty() => Some(Part::Field(field.to_owned())),
                Some(_) => None,
                None if part.is_empty() || part.contains(['{', '}']) => None,
                None => Some(Part::Fixed(part.to_owned())),
            }
        });
        Some(Self {
            text: text.to_owned(),
            parts: parts.collect::<Option<_>>()?,
            verb,
        })
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The fields in it.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(name) => Some(name.as_str()),
            Part::Fixed(_) => None,
        })
    }

    /// The fields as a path fills them, if it is one of these.
    pub(crate) fn fill(&self, path: &str) -> Option<Vec<Filled<'_>>> {
        let path = path.strip_prefix('/')?;
        // What is done stands in clear; a colon in a value is written `%3A`.
        let (path, verb) = match path.rsplit_once('/') {
            Some((_, last)) => match last.split_once(':') {
                Some((_, verb)) => (&path[..path.len() - verb.len() - 1], Some(verb)),
                None => (path, None),
            },
            None => (path, None),
        };
        if verb != self.verb.as_deref() {
            return None;
        }
        let mut given = path.split('/');
        let mut filled = Vec::new();
        for part in &self.parts {
            let given = given.next()?;
            match part {
                Part::Fixed(name) if name == given => {}
                Part::Fixed(_) => return None,
                Part::Field(name) => {
                    let value = percent_decode_str(given).decode_utf8().ok()?;
                    if value.is_empty() {
                        return None;
                    }
                    filled.push((name.as_str(), value.into_owned()));
                }
            }
        }
        given.next().is_none().then_some(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str, path: &str) -> Option<Vec<(String, String)>> {
        let template = Template::parse(template).unwrap();
        let filled = template.fill(path)?.into_iter();
        Some(
            filled
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    #[test]
    fn a_path_fills_the_fields_of_its_template_and_of_no_other() {
        let one = |value: &str| Some(vec![("id".to_owned(), value.to_owned())]);
        let plain = "/api/v1/signals/{id}";
        assert_eq!(fill(plain, "/api/v1/signals/7"), one("7"));
        assert_eq!(fill(plain, "/api/v1/signals/a%2Fb%3Ac"), one("a/b:c"));
        for other in [
            "/api/v1/signals",
            "/api/v1/signals/",
            "/api/v1/signals/7/",
            "/api/v1/signals/7/x",
            "/api/v1/signals/7:withdraw",
            "/api/v1/signals/%ff",
            "/api/v1/items/7",
            "",
            "/",
        ] {
            assert_eq!(fill(plain, other), None, "{other}");
        }
        let verb = "/api/v1/signals/{id}:withdraw";
        assert_eq!(fill(verb, "/api/v1/signals/7:withdraw"), one("7"));
        assert_eq!(fill(verb, "/api/v1/signals/7"), None);
        assert_eq!(fill(verb, "/api/v1/signals/:withdraw"), None);
        assert_eq!(fill("/a/b:c", "/a/b:c"), Some(Vec::new()));
        assert_eq!(fill("/a/b", "/a/b:c"), None);
    }

    #[test]
    fn what_is_no_template_is_told() {
        for wrong in ["", "a/b", "/a//b", "/a/{}", "/a/{b", "/a/b}"] {
            assert_eq!(Template::parse(wrong), None, "{wrong}");
        }
    }
}
