//! What a token claims, read strictly, and what of it makes a [`Principal`].

use std::{collections::BTreeMap, fmt, str::FromStr};

use knipperlicht_vocabulary::{OrganisationId, ZoneId};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use crate::{Principal, Role};

/// Where a claim stands: `role`, `realm_access.roles`, or, where names hold dots, a JSON pointer
/// such as `/https:~1~1example.org~1role` (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(String);

/// A text that names no claim.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` names no claim: write `role`, `realm_access.roles`, or a JSON pointer")]
pub struct ClaimPathError(String);

impl FromStr for ClaimPath {
    type Err = ClaimPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pointer = if text.starts_with('/') {
            text.to_owned()
        } else {
            format!("/{}", text.replace('.', "/"))
        };
        if pointer.split('/').skip(1).any(str::is_empty) {
            return Err(ClaimPathError(text.to_owned()));
        }
        Ok(Self(pointer))
    }
}

/// An issuer's name for a role, and ours: `zorgraad=coordinator`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleName {
    /// As the issuer says it.
    pub theirs: String,
    /// As we say it.
    pub ours: Role,
}

/// A text that gives no role.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` gives no role: write `theirs=ours`, where ours is a role that people have")]
pub struct RoleNameError(String);

impl FromStr for RoleName {
    type Err = RoleNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || RoleNameError(text.to_owned());
        let (theirs, ours) = text.split_once('=').ok_or_else(wrong)?;
        let ours = Role::ALL
            .into_iter()
            .find(|role| role.has_accounts() && role.name() == ours)
            .ok_or_else(wrong)?;
        if theirs.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            theirs: theirs.to_owned(),
            ours,
        })
    }
}

/// Where an issuer says who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// The role: one text, or several of which one is a role of ours.
    pub role: ClaimPath,
    /// The organisation.
    pub organisation: ClaimPath,
    /// The zones: several texts, or one with commas.
    pub zones: ClaimPath,
    /// What the issuer calls our roles; none where it says them as we do.
    pub roles: Vec<RoleName>,
}

impl Default for ClaimNames {
    fn default() -> Self {
        let top = |name: &str| ClaimPath(format!("/{name}"));
        Self {
            role: top("role"),
            organisation: top("organisation"),
            zones: top("zones"),
            roles: Vec::new(),
        }
    }
}

impl ClaimNames {
    /// Who it is about. A role that sees only its own must say what its own is.
    pub(crate) fn principal(&self, claims: &Claims) -> Result<Principal, String> {
        let subject = claims.text("sub").ok_or("it says no `sub`")?;
        let role = self.role_in(claims)?;
        let organisation: Option<OrganisationId> =
            match claims.texts(&self.organisation)?.as_slice() {
                [] => None,
                [one] => Some(one.parse().map_err(|_| "its organisation is no id")?),
                _ => return Err("it says more than one organisation".to_owned()),
            };
        let zones = claims
            .texts(&self.zones)?
            .iter()
            .flat_map(|zones| zones.split([',', ' ']))
            .filter(|zone| !zone.is_empty())
            .map(|zone| zone.parse().map_err(|_| "one of its zones is no id"))
            .collect::<Result<Vec<ZoneId>, &str>>()?;
        if role == Role::Partner && organisation.is_none() {
            return Err("a partner needs an organisation".to_owned());
        }
        if role == Role::Coordinator && zones.is_empty() {
            return Err("a coordinator needs zones".to_owned());
        }
        Ok(Principal {
            subject: subject.parse().map_err(|_| "its `sub` is no id")?,
            role,
            organisation,
            zones,
        })
    }

    fn role_in(&self, claims: &Claims) -> Result<Role, String> {
        let known: BTreeMap<&str, Role> = if self.roles.is_empty() {
            let all = Role::ALL.into_iter().filter(|role| role.has_accounts());
            all.map(|role| (role.name(), role)).collect()
        } else {
            let named = self.roles.iter();
            named
                .map(|name| (name.theirs.as_str(), name.ours))
                .collect()
        };
        let said = claims.texts(&self.role)?;
        let mut roles: Vec<Role> = said
            .iter()
            .filter_map(|name| known.get(name).copied())
            .collect();
        roles.sort_by_key(|role| role.name());
        roles.dedup();
        match roles.as_slice() {
            [one] => Ok(*one),
            [] => Err("it gives no role of people here".to_owned()),
            _ => Err("it gives more than one role".to_owned()),
        }
    }
}

/// A JSON object in which every name stands once: of two values, nobody can say which one the issuer
/// meant.
pub(crate) struct Claims(Value);

impl Claims {
    /// A claim that is one text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Whether there is such a claim.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// A claim that is a moment, in seconds since 1970; an error where it is anything else.
    pub(crate) fn moment(&self, name: &'static str) -> Result<Option<i64>, String> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a moment beyond all time is as good as the last one"
        )]
        let seconds = value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds as i64));
        seconds
            .map(Some)
            .ok_or_else(|| format!("its `{name}` is no moment"))
    }

    /// The audiences: one text or several.
    pub(crate) fn audiences(&self) -> Vec<&str> {
        match self.0.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn texts(&self, path: &ClaimPath) -> Result<Vec<&str>, String> {
        let not_text = || "a claim of who it is about is no text".to_owned();
        match self.0.pointer(&path.0) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(one)) => Ok(vec![one]),
            Some(Value::Array(several)) => several
                .iter()
                .map(|one| one.as_str().ok_or_else(not_text))
                .collect(),
            Some(_) => Err(not_text()),
        }
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Strict(value) = Strict::deserialize(deserializer)?;
        if value.is_object() {
            Ok(Self(value))
        } else {
            Err(D::Error::custom("not an object"))
        }
    }
}

/// A JSON value without a name that stands twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands in it twice"));
            }
        }
        Ok(Value::Object(map))
    }
}
