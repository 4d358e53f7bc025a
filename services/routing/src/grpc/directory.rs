//! Calls about the directory.

use std::pin::Pin;

use jiff::civil::Date;
use knipperlicht_access::{Principal, Role};
use knipperlicht_contracts::{from_proto, routing::v1 as pb};
use knipperlicht_eventing::audit::Deed;
use knipperlicht_vocabulary::{CapacityState, Language, OrganisationId, PostalCode, ZoneId};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Status, Streaming};

use super::{RoutingCalls, decode, refused, view};
use crate::{
    RoutingError,
    import::{self, Effect, Missing, Outcome},
    model::{
        calls::Refusal,
        card,
        directory::Capacity,
        exchange::{self, Check, Format, Reading, draft::CLOCK_TOLERANCE, write},
        listing::Listing,
    },
    store,
};

/// A file of 50,000 services has about half as much; more at once is a mistake.
const LARGEST_FILE: usize = 192 * 1024 * 1024;

/// Lines of a report: who mended so many reads on with the next try.
const LONGEST_REPORT: usize = 1_000;

/// Services read at once for an export.
const PAGE: i64 = 2_000;

/// Services at most in one answer: more than any zone or organisation has.
const LARGEST_LIST: usize = 2_000;

/// A piece of an export: well within what every client takes.
const PIECE: usize = 256 * 1024;

pub(super) type Pieces =
    Pin<Box<dyn Stream<Item = Result<pb::ExportServicesResponse, Status>> + Send + 'static>>;

impl RoutingCalls {
    /// The services of a zone, or of an organisation.
    pub(super) async fn services(
        &self,
        principal: &Principal,
        asked: &pb::ListServicesRequest,
    ) -> Result<Vec<pb::Service>, RoutingError> {
        let own = principal.organisation.clone();
        let organisation = if asked.organisation_id.is_empty() {
            own.filter(|_| principal.role == Role::Partner)
        } else {
            Some(decode::organisation(&asked.organisation_id)?)
        };
        let mut transaction = self.kit.database.begin(principal).await?;
        let mut listings = if asked.zone_id.is_empty()
            && let Some(organisation) = &organisation
        {
            store::listings_of(&mut transaction, organisation).await?
        } else {
            let zone: ZoneId = asked.zone_id.parse()?;
            if self.books.zones.zone(&zone).is_none() {
                return Err(RoutingError::UnknownZone(zone));
            }
            let directory = self.books.directory(&mut transaction).await?;
            let wanted = |one: &OrganisationId| {
                asked.organisation_id.is_empty() || organisation.as_ref() == Some(one)
            };
            let ids: Vec<&str> = directory
                .covering(&zone)
                .filter(|service| wanted(&service.organisation))
                .map(|service| service.id.as_str())
                .collect();
            store::listings(&mut transaction, &ids).await?
        };
        listings.sort_by(|one, other| {
            let place =
                |listing: &Listing| (listing.service.name.clone(), listing.service.id.clone());
            place(one).cmp(&place(other))
        });
        let environment = &self.kit.environment;
        let (now, today) = (environment.now(), environment.today());
        let points = self.books.points.current();
        let services = listings
            .iter()
            .take(LARGEST_LIST)
            .map(|listing| view::listing(listing, points, now, today));
        Ok(services.collect())
    }

    /// What there is near a postal code, for a carer who does not want to be referred.
    pub(super) async fn information_card(
        &self,
        principal: &Principal,
        asked: &pb::GetInformationCardRequest,
    ) -> Result<pb::GetInformationCardResponse, RoutingError> {
        let postal_code: PostalCode = asked.postal_code.parse()?;
        let environment = &self.kit.environment;
        let (now, today) = (environment.now(), environment.today());
        let zone = self.books.zones.resolve(postal_code, today)?.zone;
        let words = card::words(Language::try_from(asked.language).unwrap_or(Language::Dutch));
        let mut transaction = self.kit.database.begin(principal).await?;
        let directory = self.books.directory(&mut transaction).await?;
        let nearby = card::nearby(&directory, &zone.id, postal_code, words.language, today);
        let ids: Vec<&str> = nearby.iter().map(|service| service.id.as_str()).collect();
        let mut listings = store::listings(&mut transaction, &ids).await?;
        listings.sort_by_key(|listing| {
            let place = ids.iter().position(|id| *id == listing.service.id.as_str());
            place.unwrap_or(ids.len())
        });
        let points = self.books.points.current();
        Ok(pb::GetInformationCardResponse {
            language: words.language.number(),
            title: words.title.to_owned(),
            lines: words.lines.iter().map(|line| (*line).to_owned()).collect(),
            zone_name: zone.name.to_string(),
            services: listings
                .iter()
                .map(|listing| view::listing(listing, points, now, today))
                .collect(),
            numbers: words
                .numbers
                .iter()
                .map(|(number, text)| pb::CardNumber {
                    number: (*number).to_owned(),
                    text: (*text).to_owned(),
                })
                .collect(),
        })
    }

    /// Brings a file into the directory, and says what is wrong with it.
    pub(super) async fn import(
        &self,
        principal: &Principal,
        mut pieces: Streaming<pb::ImportServicesRequest>,
    ) -> Result<pb::ImportServicesResponse, Status> {
        let first = pieces.message().await?.and_then(|first| first.piece);
        let Some(pb::import_services_request::Piece::Options(options)) = first else {
            return Err(refused(RoutingError::ImportOrder));
        };
        let format = match options.format() {
            pb::DirectoryFormat::Hsds => Format::Hsds,
            pb::DirectoryFormat::Csv => Format::Csv,
            pb::DirectoryFormat::Unspecified => return Err(refused(RoutingError::ImportFormat)),
        };
        let mut file = Vec::new();
        while let Some(message) = pieces.message().await? {
            let Some(pb::import_services_request::Piece::Chunk(chunk)) = message.piece else {
                return Err(refused(RoutingError::ImportOrder));
            };
            if file.len() + chunk.len() > LARGEST_FILE {
                return Err(refused(RoutingError::FileTooLarge(LARGEST_FILE)));
            }
            file.extend_from_slice(&chunk);
        }
        self.bring_in(principal, file, format, options)
            .await
            .map_err(refused)
    }

    async fn bring_in(
        &self,
        principal: &Principal,
        file: Vec<u8>,
        format: Format,
        options: pb::ImportOptions,
    ) -> Result<pb::ImportServicesResponse, RoutingError> {
        let environment = &self.kit.environment;
        let (now, today) = (environment.now(), environment.today());
        let zones = std::sync::Arc::clone(&self.books.zones);
        // A large file takes a second: others go on meanwhile.
        let reading = tokio::task::spawn_blocking(move || {
            let check = Check {
                zones: &zones,
                now,
                today,
            };
            exchange::read(&file, format, &check)
        });
        let reading = reading
            .await
            .map_err(|_| RoutingError::Database(sqlx::Error::WorkerCrashed))?;
        if reading.is_refused() {
            return Ok(report(&reading, Outcome::default(), Effect::Tried));
        }
        let effect = if options.dry_run {
            Effect::Tried
        } else {
            Effect::Kept
        };
        let missing = if options.end_missing {
            Missing::End
        } else {
            Missing::Stay
        };
        let outcome = import::put(
            &self.kit.database,
            principal,
            Some(&self.kit),
            &reading.listings,
            (missing, effect),
            (now, today),
        )
        .await?;
        Ok(report(&reading, outcome, effect))
    }

    /// The directory as a file. Read page by page: what changes meanwhile may or may not be in it.
    pub(super) fn export(&self, principal: Principal) -> Pieces {
        let (sender, receiver) = mpsc::channel(4);
        let calls = self.clone();
        tokio::spawn(async move {
            if let Err(error) = calls.send_export(&principal, &sender).await {
                // Whoever left in the meantime need not know.
                let _ = sender.send(Err(refused(error))).await;
            }
        });
        Box::pin(ReceiverStream::new(receiver))
    }

    async fn send_export(
        &self,
        principal: &Principal,
        sender: &mpsc::Sender<Result<pb::ExportServicesResponse, Status>>,
    ) -> Result<(), RoutingError> {
        let today = self.kit.environment.today();
        let mut text = write::beginning();
        let mut last = String::new();
        let mut is_first = true;
        loop {
            let mut transaction = self.kit.database.begin(principal).await?;
            let listings = store::listings_after(&mut transaction, &last, PAGE).await?;
            transaction.rollback().await?;
            let Some(end) = listings.last() else { break };
            last = end.service.id.to_string();
            for listing in &listings {
                text.push_str(&write::service(listing, is_first, today));
                is_first = false;
                if text.len() >= PIECE && !send(sender, &mut text).await {
                    return Ok(());
                }
            }
        }
        text.push_str(write::END);
        send(sender, &mut text).await;
        Ok(())
    }

    /// A partner says what room its service has; an admin may say it for any.
    pub(super) async fn capacity(
        &self,
        principal: &Principal,
        asked: &pb::SetCapacityRequest,
    ) -> Result<pb::Service, RoutingError> {
        let environment = &self.kit.environment;
        let (now, today) = (environment.now(), environment.today());
        let id = decode::service(&asked.service_id)?;
        let state: CapacityState = decode::code("state", asked.state)?;
        let stated_at = match asked.stated_at {
            None => now,
            Some(at) => from_proto(at).map_err(|_| RoutingError::CapacityInFuture)?,
        };
        if stated_at.duration_since(now) > CLOCK_TOLERANCE {
            return Err(RoutingError::CapacityInFuture);
        }
        let until: Option<Date> = match asked.until.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| RoutingError::Until)?),
        };
        if until.is_some_and(|last| last < today) {
            return Err(RoutingError::Until);
        }

        let mut transaction = self.kit.database.begin(principal).await?;
        store::lock_directory(&mut transaction).await?;
        let held = store::held_capacity(&mut transaction, &id)
            .await?
            .ok_or_else(|| Refusal::NoService(id.clone()))?;
        let own = principal.organisation.as_ref() == Some(&held.organisation);
        if principal.role != Role::Admin && !own {
            return Err(RoutingError::NotYourService(id));
        }
        let stated_at = stated_at.min(now);
        if held.stated_at.is_some_and(|earlier| earlier > stated_at) {
            return Err(RoutingError::StatedLater);
        }
        transaction.act_as(&self.kit.principal).await?;
        let capacity = Capacity { state, stated_at };
        store::set_capacity(&mut transaction, &id, capacity, until).await?;
        store::note_directory_change(&mut transaction, &[id.as_str()], now).await?;
        let listings = store::listings(&mut transaction, &[id.as_str()]).await?;
        if !own {
            let deed = Deed {
                action: "capacity.overruled",
                object: id.to_string(),
                purpose: state.code(),
            };
            self.kit.note(&mut transaction, principal, deed).await?;
        }
        transaction.commit().await?;
        let listing = listings.first().ok_or(Refusal::NoService(id))?;
        Ok(view::listing(
            listing,
            self.books.points.current(),
            now,
            today,
        ))
    }
}

/// Sends what there is; says whether anybody listens.
async fn send(
    sender: &mpsc::Sender<Result<pb::ExportServicesResponse, Status>>,
    text: &mut String,
) -> bool {
    let chunk = std::mem::take(text).into_bytes();
    sender
        .send(Ok(pb::ExportServicesResponse { chunk }))
        .await
        .is_ok()
}

fn report(reading: &Reading, outcome: Outcome, effect: Effect) -> pb::ImportServicesResponse {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let lines = reading.faults.iter().take(LONGEST_REPORT);
    let lines = lines.map(|fault| pb::ImportLine {
        line: i64::try_from(fault.place.line).unwrap_or_default(),
        path: fault.place.path.clone(),
        code: fault.kind.code().to_owned(),
        wrong: fault.kind.is_wrong(),
        what: fault.what.clone(),
        remedy: fault.kind.remedy().to_owned(),
    });
    pb::ImportServicesResponse {
        lines: lines.collect(),
        lines_left_out: count(reading.faults.len().saturating_sub(LONGEST_REPORT)),
        services: count(reading.listings.len()),
        added: count(outcome.added),
        changed: count(outcome.changed),
        ended: count(outcome.ended),
        stored: effect == Effect::Kept,
        directory_version: outcome.version.unwrap_or_default(),
    }
}
