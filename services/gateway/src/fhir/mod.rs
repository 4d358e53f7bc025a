//! FHIR R4, at `/fhir/R4`: the line as care software knows it. A facade: it keeps nothing, and decides
//! nothing. Whoever calls is passed on to the services, and theirs is what may be seen and done.
//!
//! docs/fhir.md has the table of what is what.

mod assessed;
mod conformance;
mod create;
mod found;
mod ids;
mod line;
mod moves;
mod offer;
mod outcome;
mod query;
mod referral;
mod reply;
mod signal;
mod story;
mod terms;
mod types;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use futures::future::join;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT_LANGUAGE, ALLOW, HOST, IF_MATCH, LOCATION},
    request::Parts,
};
use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_vocabulary::Language;
use serde_json::Value;

use self::{
    found::Found,
    line::Line,
    offer::{Interaction, Kind},
    outcome::Refusal,
    query::{Query, Wanted},
    referral::Asked,
    reply::{Preference, Wanted as Wish},
    types::{CodeableConcept, Issue, OperationOutcome, ServiceRequest, Task},
};
use crate::{
    GatewaySettings, Proxy, caller::Caller, etag, fault::Fault, places::Places, upstream::Upstreams,
};

const ROOT: &str = "/fhir/R4";

/// What answers.
struct Facade {
    upstreams: Upstreams,
    requests: Places,
    caller: Caller,
    /// Whether browsers and others reach it encrypted.
    scheme: &'static str,
}

/// A request, taken apart.
struct Call {
    line: Line,
    base: String,
    query: Query,
    headers: HeaderMap,
    preference: Preference,
}

/// Everything at `/fhir/R4`.
pub(crate) fn routes(
    upstreams: &Upstreams,
    caller: Caller,
    requests: Places,
    settings: &GatewaySettings,
) -> Router {
    let is_encrypted = settings.tls.is_some() || settings.proxy == Proxy::Ours;
    let facade = Facade {
        upstreams: upstreams.clone(),
        requests,
        caller,
        scheme: if is_encrypted { "https" } else { "http" },
    };
    Router::new()
        .route(ROOT, any(answer))
        .route("/fhir/R4/{*path}", any(answer))
        .with_state(Arc::new(facade))
}

async fn answer(State(facade): State<Arc<Facade>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answered = async {
        let call = facade.call(&parts)?;
        let (body, _place) = facade.requests.received(body).await?;
        call.answer(&parts, &body).await
    };
    answered.await.unwrap_or_else(Refusal::into_response)
}

impl Facade {
    fn call(&self, parts: &Parts) -> Result<Call, Refusal> {
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        reply::check_format(&query, &parts.headers)?;
        let told = self.caller.told(&parts.headers, &parts.extensions);
        Ok(Call {
            line: Line::new(&self.upstreams, told)?,
            base: format!("{}://{}{ROOT}", self.scheme, host(parts)),
            query,
            headers: parts.headers.clone(),
            preference: reply::preference(&parts.headers),
        })
    }
}

/// Under which name we were reached: it goes into links, and so has to be a name.
fn host(parts: &Parts) -> &str {
    let header = parts.headers.get(HOST);
    let named = header
        .and_then(|host| host.to_str().ok())
        .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    let is_plain = |name: &&str| {
        name.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
    };
    named
        .filter(is_plain)
        .filter(|name| !name.is_empty())
        .unwrap_or("localhost")
}

fn not_so(allowed: &[&str]) -> Response {
    let mut response = Refusal::from(Fault::Method).into_response();
    if let Ok(allowed) = HeaderValue::try_from(allowed.join(", ")) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

impl Call {
    async fn answer(&self, parts: &Parts, body: &[u8]) -> Result<Response, Refusal> {
        let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
        let path: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        let is_get = parts.method == Method::GET || parts.method == Method::HEAD;
        match path.as_slice() {
            ["metadata"] if is_get => {
                let told = conformance::capabilities(&self.base);
                Ok(reply::of(StatusCode::OK, &told))
            }
            ["metadata"] => Ok(not_so(&["GET"])),
            [name] => {
                let kind = Kind::named(name).ok_or_else(no_such_thing)?;
                if is_get && offer::can(kind, Interaction::Search) {
                    return self.search(kind).await;
                }
                if parts.method == Method::POST && offer::can(kind, Interaction::Create) {
                    return self.create(body).await;
                }
                let allowed: &[_] = if offer::can(kind, Interaction::Create) {
                    &["GET", "POST"]
                } else {
                    &["GET"]
                };
                Ok(not_so(allowed))
            }
            [name, id] => {
                let kind = Kind::named(name).ok_or_else(no_such_thing)?;
                if is_get && offer::can(kind, Interaction::Read) {
                    return self.read(kind, id).await;
                }
                if parts.method == Method::PUT && offer::can(kind, Interaction::Update) {
                    return self.update(id, body).await;
                }
                let allowed: &[_] = if offer::can(kind, Interaction::Update) {
                    &["GET", "PUT"]
                } else {
                    &["GET"]
                };
                Ok(not_so(allowed))
            }
            _ => Err(no_such_thing()),
        }
    }

    async fn search(&self, kind: Kind) -> Result<Response, Refusal> {
        let wanted = self.query.wanted(kind, self.preference.lenient)?;
        let found = match self.all(kind, &wanted).await {
            // Of a situation that is not the caller's there is nothing to find.
            Err(refused) if refused.is_not_found() => Vec::new(),
            found => found?,
        };
        let bundle = wanted.page(kind, &self.base, found);
        Ok(reply::of(StatusCode::OK, &bundle))
    }

    /// All of a kind that the caller sees, as far as the search narrows what is read at all.
    async fn all(&self, kind: Kind, wanted: &Wanted) -> Result<Vec<Found>, Refusal> {
        match kind {
            Kind::ServiceRequest => self.requests(wanted).await,
            Kind::Task => Ok(self.line.asked().await?.iter().map(Asked::task).collect()),
            Kind::Questionnaire => self.questionnaires().await,
            Kind::QuestionnaireResponse => self.forms(wanted.situation()?).await,
            Kind::Observation => {
                let situation = wanted.situation()?;
                let judged = self.line.judgements(situation).await?;
                Ok(assessed::observations(situation, &judged))
            }
            Kind::Consent => {
                let consent = self.consent(wanted.situation()?).await?;
                Ok(consent.into_iter().collect())
            }
            Kind::Provenance => {
                let situation = wanted.situation()?;
                let story = self.line.story(situation).await?;
                Ok(story::provenance(situation, &story))
            }
            Kind::StructureDefinition => Ok(conformance::extensions()),
            Kind::CodeSystem => Ok(conformance::code_systems()),
        }
    }

    /// A reporter's signals, a desk's referrals: each has the one or the other.
    async fn requests(&self, wanted: &Wanted) -> Result<Vec<Found>, Refusal> {
        let proposals = async {
            let signals = self.line.signals().await?;
            Ok(signals.iter().map(signal::proposal).collect())
        };
        let orders = async {
            let asked = self.line.asked().await?;
            Ok(asked.iter().map(Asked::order).collect())
        };
        match (
            wanted.may_be("intent", "proposal"),
            wanted.may_be("intent", "order"),
        ) {
            (true, false) => proposals.await,
            (false, true) => orders.await,
            (false, false) => Ok(Vec::new()),
            (true, true) => {
                let (proposals, orders) = join(proposals, orders).await;
                line::either(proposals, orders)
            }
        }
    }

    async fn asked_one(&self, id: &str) -> Result<Asked, Refusal> {
        let none = || none_such(Kind::Task, id);
        if !ids::is_uuid(id) {
            return Err(none());
        }
        self.line.asked_one(id).await?.ok_or_else(none)
    }

    async fn questionnaires(&self) -> Result<Vec<Found>, Refusal> {
        let told = self.line.instruments(language(&self.headers)).await?;
        let instruments = told.instruments.iter();
        Ok(instruments
            .map(|one| assessed::questionnaire(one, told.language))
            .collect())
    }

    async fn forms(&self, situation: &str) -> Result<Vec<Found>, Refusal> {
        let judged = self.line.judgements(situation).await?;
        let catalogue = self.line.instruments(Language::Dutch.number()).await?;
        Ok(assessed::forms(situation, &judged, &catalogue.instruments))
    }

    /// A desk learns it from the story, a reporter from what they sent.
    async fn consent(&self, situation: &str) -> Result<Option<Found>, Refusal> {
        match self.line.story(situation).await.map_err(Refusal::from) {
            Ok(story) => Ok(story::consent_told(situation, &story)),
            Err(refused) if refused.is_forbidden() => {
                let signals = self.line.signals().await?;
                let mut told = signals.iter().filter_map(story::consent_signalled);
                Ok(told.find(|one| one.id == situation))
            }
            Err(refused) => Err(refused),
        }
    }

    async fn one(&self, kind: Kind, id: &str) -> Result<Found, Refusal> {
        let none = || none_such(kind, id);
        if matches!(kind, Kind::ServiceRequest | Kind::Task | Kind::Consent) && !ids::is_uuid(id) {
            return Err(none());
        }
        let of_situation = || ids::situation_of(id).ok_or_else(none);
        let among = match kind {
            Kind::ServiceRequest => return self.request(id).await,
            Kind::Task => return Ok(self.asked_one(id).await?.task()),
            Kind::Questionnaire => self.questionnaires().await?,
            Kind::QuestionnaireResponse => self.forms(&of_situation()?).await?,
            Kind::Observation => {
                let situation = of_situation()?;
                let judged = self.line.judgements(&situation).await?;
                assessed::observations(&situation, &judged)
            }
            Kind::Consent => self.consent(id).await?.into_iter().collect(),
            Kind::Provenance => {
                let situation = of_situation()?;
                story::provenance(&situation, &self.line.story(&situation).await?)
            }
            Kind::StructureDefinition => conformance::extensions(),
            Kind::CodeSystem => conformance::code_systems(),
        };
        among.into_iter().find(|one| one.id == id).ok_or_else(none)
    }

    async fn request(&self, id: &str) -> Result<Found, Refusal> {
        match self.line.signal(id).await.map_err(Refusal::from) {
            Ok(signal) => Ok(signal::proposal(&signal)),
            Err(refused) if refused.is_forbidden() => {
                let asked = self.asked_one(id).await;
                asked.map(|asked| asked.order())
            }
            Err(refused) => Err(refused),
        }
    }

    async fn read(&self, kind: Kind, id: &str) -> Result<Response, Refusal> {
        let found = self.one(kind, id).await?;
        let etag = HeaderValue::try_from(format!("W/\"{}\"", found.version())).ok();
        if etag.is_some_and(|etag| etag::is_there(&self.headers, &etag)) {
            return Ok(reply::empty(StatusCode::NOT_MODIFIED));
        }
        Ok(reply::of(StatusCode::OK, &found.resource))
    }

    async fn create(&self, body: &[u8]) -> Result<Response, Refusal> {
        reply::check_sent(&self.headers)?;
        let sent: ServiceRequest = create::read(Kind::ServiceRequest.name(), body)?;
        let signal = create::signal(&sent)?;
        let id = signal.signal_id.clone();
        if let Some(condition) = self.headers.get("if-none-exist") {
            check_condition(condition, &id)?;
            match self.line.signal(&id).await {
                Ok(there) => {
                    return Ok(self.written(StatusCode::OK, &signal::proposal(&there)));
                }
                Err(status) if status.code() == tonic::Code::NotFound => {}
                Err(status) => return Err(status.into()),
            }
        }
        let asked = intake::SubmitSignalRequest {
            signal: Some(signal),
        };
        let submitted = self.line.intake().submit_signal(self.line.ask(asked)).await;
        submitted.map_err(|status| Refusal::of(&status, create::place))?;
        let stored = self.line.signal(&id).await?;
        Ok(self.written(StatusCode::CREATED, &signal::proposal(&stored)))
    }

    async fn update(&self, id: &str, body: &[u8]) -> Result<Response, Refusal> {
        reply::check_sent(&self.headers)?;
        let sent: Task = create::read(Kind::Task.name(), body)?;
        if sent.id.as_deref() != Some(id) {
            let what = "the `id` is the one in the address";
            return Err(Refusal::resource("structure", "Task.id", what));
        }
        let now = self.asked_one(id).await?;
        if let Some(seen) = self.headers.get(IF_MATCH) {
            let version = now.task().version().to_owned();
            let seen = seen.to_str().unwrap_or_default().trim();
            let seen = seen.trim_start_matches("W/").trim_matches('"');
            if seen != "*" && seen != version {
                return Err(Refusal::changed());
            }
        }
        let moved = moves::move_to(&self.line, now, sent).await?;
        Ok(self.written(StatusCode::OK, &moved.task()))
    }

    /// What whoever wrote wants back.
    fn written(&self, status: StatusCode, stored: &Found) -> Response {
        let mut response = match self.preference.wanted {
            Wish::Representation => reply::of(status, &stored.resource),
            Wish::Minimal => reply::empty(status),
            Wish::Outcome => reply::of(status, &went_well()),
        };
        let kind = stored.resource["resourceType"].as_str().unwrap_or_default();
        let location = format!("{}/{kind}/{}", self.base, stored.id);
        if status == StatusCode::CREATED
            && let Ok(location) = HeaderValue::try_from(location)
        {
            response.headers_mut().insert(LOCATION, location);
        }
        let etag = HeaderValue::try_from(format!("W/\"{}\"", stored.version()));
        if let Ok(etag) = etag {
            response.headers_mut().insert(http::header::ETAG, etag);
        }
        response
    }
}

fn went_well() -> Value {
    let outcome = OperationOutcome {
        issue: vec![Issue {
            severity: "information".to_owned(),
            code: "informational".to_owned(),
            details: Some(CodeableConcept {
                text: Some("it is stored".to_owned()),
                ..CodeableConcept::default()
            }),
            ..Issue::default()
        }],
    };
    reply::json("OperationOutcome", &outcome)
}

/// Whether the condition of a conditional create is that the same was not sent before.
fn check_condition(condition: &HeaderValue, id: &str) -> Result<(), Refusal> {
    let text = condition.to_str().unwrap_or_default();
    let query = Query::parse(text.trim_start_matches('?'))?;
    let wanted = query.wanted(Kind::ServiceRequest, false)?;
    let asked = wanted.of("identifier").unwrap_or_default();
    let (system, value) = asked.rsplit_once('|').unwrap_or(("", asked));
    let named = create::uuid_in(Some(system), value).map(|uuid| uuid.to_string());
    if named.as_deref() == Some(id) {
        Ok(())
    } else {
        let what = "`If-None-Exist` names the identifier of what is sent: \
                    identifier=urn:ietf:rfc:3986|urn:uuid:...";
        Err(Refusal::search(what))
    }
}

fn no_such_thing() -> Refusal {
    Refusal::not_found("there is nothing here: /fhir/R4/metadata says what there is")
}

fn none_such(kind: Kind, id: &str) -> Refusal {
    let id: String = id.chars().take(64).collect();
    Refusal::not_found(format!("there is no {}/{id}, or not for you", kind.name()))
}

/// In which language the texts of instruments are wanted: the first that there is.
fn language(headers: &HeaderMap) -> i32 {
    let said = headers.get_all(ACCEPT_LANGUAGE).iter();
    let said = said.filter_map(|value| value.to_str().ok());
    let mut wanted = said
        .flat_map(|value| value.split(','))
        .filter_map(|one| one.trim().get(..2))
        .filter_map(|one| one.to_ascii_lowercase().parse::<Language>().ok());
    let is_there =
        |one: &Language| matches!(one, Language::Dutch | Language::French | Language::English);
    wanted.find(is_there).unwrap_or(Language::Dutch).number()
}
