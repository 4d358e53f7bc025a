//! Calls that only look.

use knipperlicht_access::Principal;
use knipperlicht_contracts::routing::v1 as pb;
use knipperlicht_eventing::erasing::whole;
use knipperlicht_vocabulary::{PostalCode, SituationId};

use super::{RoutingCalls, decode, page_token, view};
use crate::{
    RoutingError,
    model::{calls::Refusal, case::Circumstances, directory::Directory, referral::Referral},
    store::{self, ReferralRow, Which},
};

/// Referrals on a page, if not said otherwise.
const PAGE: i32 = 50;

/// Referrals on a page at most.
const LARGEST_PAGE: i32 = 200;

impl RoutingCalls {
    pub(super) fn zone_of(
        &self,
        asked: &pb::ResolveZoneRequest,
    ) -> Result<pb::ResolveZoneResponse, RoutingError> {
        let postal_code: PostalCode = asked.postal_code.parse()?;
        let on = decode::day(&asked.on, self.kit.environment.today())?;
        let resolution = self.books.zones.resolve(postal_code, on)?;
        Ok(pb::ResolveZoneResponse {
            zone: Some(view::zone(resolution.zone)),
            municipality: resolution.municipality.to_owned(),
            other_candidates: resolution
                .other_candidates
                .iter()
                .map(|zone| view::zone(zone))
                .collect(),
            verified: resolution.verified,
            confidence: view::confidence(resolution.confidence),
            table_version: self.books.zones.version().to_owned(),
        })
    }

    pub(super) async fn referrals(
        &self,
        principal: &Principal,
        asked: &pb::ListReferralsRequest,
    ) -> Result<pb::ListReferralsResponse, RoutingError> {
        if !asked.referral_ids.is_empty() {
            return self.named_referrals(principal, &asked.referral_ids).await;
        }
        let size = if asked.page_size <= 0 {
            PAGE
        } else {
            asked.page_size.min(LARGEST_PAGE)
        };
        let after = page_token::decode(&asked.page_token)?;
        let which = if asked.open_only {
            Which::Open
        } else {
            Which::All
        };
        let mut transaction = self.kit.database.begin(principal).await?;
        let directory = self.books.directory(&mut transaction).await?;
        let filter = decode::filter(principal);
        let rows =
            store::list(&mut transaction, &filter, which, after, i64::from(size) + 1).await?;
        let more = i32::try_from(rows.len()).is_ok_and(|rows| rows > size);
        let mut next_page_token = String::new();
        let mut referrals = Vec::with_capacity(rows.len());
        for row in rows
            .into_iter()
            .take(usize::try_from(size).unwrap_or_default())
        {
            let (shown, referral) = self.read_and_show(row, &directory)?;
            referrals.push(shown);
            if more {
                next_page_token = page_token::encode(page_token::after(&referral));
            }
        }
        Ok(pb::ListReferralsResponse {
            referrals,
            next_page_token,
        })
    }

    /// Those of these referrals that the caller may see, on one page.
    async fn named_referrals(
        &self,
        principal: &Principal,
        ids: &[String],
    ) -> Result<pb::ListReferralsResponse, RoutingError> {
        if i32::try_from(ids.len()).map_or(true, |count| count > LARGEST_PAGE) {
            return Err(RoutingError::TooManyIds(ids.len()));
        }
        let ids = ids
            .iter()
            .map(|id| decode::referral(id))
            .collect::<Result<Vec<_>, _>>()?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let directory = self.books.directory(&mut transaction).await?;
        let rows = store::named(&mut transaction, &ids).await?;
        let referrals = rows
            .into_iter()
            .map(|row| Ok(self.read_and_show(row, &directory)?.0))
            .collect::<Result<Vec<_>, RoutingError>>()?;
        Ok(pb::ListReferralsResponse {
            referrals,
            next_page_token: String::new(),
        })
    }

    pub(super) async fn actions(
        &self,
        principal: &Principal,
        id: &str,
    ) -> Result<Vec<i32>, RoutingError> {
        let id = decode::referral(id)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let row = store::referral(&mut transaction, id)
            .await?
            .ok_or(Refusal::NoReferral)?;
        let referral = row.read()?;
        Ok(referral
            .moves(decode::actor(principal))
            .map(|step| view::action(step).into())
            .collect())
    }

    pub(super) async fn items(&self, principal: &Principal) -> Result<Vec<pb::Item>, RoutingError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        let open = store::open_items(&mut transaction, &decode::zones(principal)).await?;
        Ok(open
            .iter()
            .map(|one| {
                view::item(
                    one.situation,
                    &one.item,
                    self.other_zones(&one.item.circumstances),
                )
            })
            .collect())
    }

    /// Everything that is held here about a situation.
    pub(super) async fn exported(
        &self,
        principal: &Principal,
        situation: &str,
    ) -> Result<String, RoutingError> {
        const NOTHING: &str = "{}";
        let Some(situation) = decode::situation(situation)? else {
            return Ok(NOTHING.to_owned());
        };
        let mut transaction = self.kit.database.begin(principal).await?;
        let (_, family) = whole(&mut transaction, situation).await?;
        if !store::sees_any(&mut transaction, &family).await? {
            return Ok(NOTHING.to_owned());
        }
        transaction.act_as(&self.kit.principal).await?;
        Ok(store::export(&mut transaction, &family).await?)
    }

    /// A row as it is shown, and the referral it holds.
    pub(super) fn read_and_show(
        &self,
        row: ReferralRow,
        directory: &Directory,
    ) -> Result<(pb::Referral, Referral), RoutingError> {
        let situation = row.situation();
        let referral = row.read()?;
        Ok((self.show(situation, &referral, directory), referral))
    }

    /// A referral as it is shown.
    pub(super) fn show(
        &self,
        situation: SituationId,
        referral: &Referral,
        directory: &Directory,
    ) -> pb::Referral {
        pb::Referral {
            other_candidates: self.other_zones(&referral.circumstances),
            ..view::referral(situation, referral, directory)
        }
    }

    /// The other zones that the postal code may belong to, besides the one it is taken to lie in.
    fn other_zones(&self, circumstances: &Circumstances) -> Vec<pb::Zone> {
        view::other_zones(
            &self.books.zones,
            circumstances.postal_code,
            self.kit.environment.today(),
            &circumstances.zone,
        )
    }
}
