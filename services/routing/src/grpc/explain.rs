//! Calls that explain: why a referral went where it went, who would be asked now, and what nobody
//! could be asked for.

use jiff::{SignedDuration, civil::Date};
use knipperlicht_access::Principal;
use knipperlicht_contracts::routing::v1 as pb;
use knipperlicht_vocabulary::{Language, PostalCode, SituationId, Urgency};
use uuid::Uuid;

use super::{RoutingCalls, decode, explanation};
use crate::{
    RoutingError,
    model::{
        calls::Refusal,
        case::Circumstances,
        decision::{Question, Tables, decide},
        record::{Record, StoredDecision, Versions},
        referral::{Referral, State},
    },
    store,
};

/// How far back to look for unmet needs, if not said otherwise.
const UNMET_DAYS: i64 = 90;

impl RoutingCalls {
    pub(super) async fn explain(
        &self,
        principal: &Principal,
        id: &str,
    ) -> Result<pb::ExplainReferralResponse, RoutingError> {
        let id = decode::referral(id)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let row = store::referral(&mut transaction, id)
            .await?
            .ok_or(Refusal::NoReferral)?;
        let situation = row.situation();
        let referral = row.read()?;
        let decision = store::decision_for(
            &mut transaction,
            situation,
            &referral.service,
            referral.created_at,
        )
        .await?;
        let now = self.books.directory(&mut transaction).await?;
        let shown = self.show(situation, &referral, &now);
        let Some(decision) = decision else {
            // It may have come from another zone, of which the caller sees nothing.
            transaction.act_as(&self.kit.principal).await?;
            let origin = self.origin(&mut transaction, &referral).await?;
            return Ok(pb::ExplainReferralResponse {
                referral: Some(shown),
                origin: origin.into(),
                explanation: None,
                replays: false,
            });
        };
        let points = self.books.points.version(&decision.versions.points);
        let points = points.ok_or_else(|| no_version("points_version", &decision))?;
        let directory = store::directory(&mut transaction, decision.versions.directory).await?;
        let behaviours = decision.behaviours();
        let tables = Tables {
            directory: &directory,
            points,
            behaviours: &behaviours,
        };
        Ok(pb::ExplainReferralResponse {
            referral: Some(shown),
            origin: pb::ReferralOrigin::Decided.into(),
            replays: decision.replays(&tables),
            explanation: Some(explanation::of(&decision, &tables, &self.books.zones)),
        })
    }

    /// How a referral came about that no rule decided.
    async fn origin(
        &self,
        connection: &mut sqlx::PgConnection,
        referral: &Referral,
    ) -> Result<pb::ReferralOrigin, RoutingError> {
        let Some(previous) = referral.previous else {
            return Ok(pb::ReferralOrigin::Assigned);
        };
        let previous = store::referral(connection, previous).await?;
        let state = previous.map(store::ReferralRow::read).transpose()?;
        Ok(match state.map(|previous| previous.state) {
            Some(State::Redirected) => pb::ReferralOrigin::SentOn,
            _ => pb::ReferralOrigin::Assigned,
        })
    }

    pub(super) async fn preview(
        &self,
        principal: &Principal,
        asked: &pb::PreviewRouteRequest,
    ) -> Result<pb::PreviewRouteResponse, RoutingError> {
        let environment = &self.kit.environment;
        let mut transaction = self.kit.database.begin(principal).await?;
        let about = decode::situation(&asked.situation_id)?;
        let case = store::look_at_case(&mut transaction, about).await?;
        let history = case.history_in_vain();
        let books = self.books.open(&mut transaction).await?;
        let ground = books.ground(environment.now(), environment.today());
        let question = Question {
            situation: about.unwrap_or_else(|| SituationId::from(Uuid::nil())),
            circumstances: self.circumstances(asked, ground.today)?,
            needs: decode::needs(&asked.needs)?,
            urgency: decode::optional_code("urgency", asked.urgency)?.unwrap_or(Urgency::Routine),
            asked: history.asked,
            knows: history.knows,
            at: ground.at,
            on: ground.today,
        };
        let decision = decide(&ground.tables, &question);
        let record = Record {
            versions: Versions::of(&ground),
            question,
            decision,
        };
        Ok(pb::PreviewRouteResponse {
            explanation: Some(explanation::of(
                &record.stored(),
                &ground.tables,
                &self.books.zones,
            )),
        })
    }

    fn circumstances(
        &self,
        asked: &pb::PreviewRouteRequest,
        on: Date,
    ) -> Result<Circumstances, RoutingError> {
        let postal_code: PostalCode = asked.postal_code.parse()?;
        Ok(Circumstances {
            zone: self.books.zones.resolve(postal_code, on)?.zone.id.clone(),
            postal_code,
            language: decode::optional_code("language", asked.language)?.unwrap_or(Language::Dutch),
            age_band: decode::optional_code("age_band", asked.age_band)?,
        })
    }

    pub(super) async fn unmet_needs(
        &self,
        principal: &Principal,
        from: &str,
    ) -> Result<Vec<pb::UnmetNeed>, RoutingError> {
        let environment = &self.kit.environment;
        let since = if from.is_empty() {
            environment.now() - SignedDuration::from_hours(24 * UNMET_DAYS)
        } else {
            let day = decode::day(from, environment.today())?;
            environment.start_of(day).ok_or(RoutingError::Day)?
        };
        let mut transaction = self.kit.database.begin(principal).await?;
        let unmet = store::unmet_needs(&mut transaction, &decode::zones(principal), since).await?;
        Ok(unmet.iter().map(explanation::unmet).collect())
    }
}

fn no_version(column: &'static str, decision: &StoredDecision) -> RoutingError {
    RoutingError::BadRow {
        table: "decision",
        column,
        what: format!(
            "this program does not know version {}",
            decision.versions.points
        ),
    }
}
