//! What reporters record of consent, and whether partners learn who it is about.

use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::Consent;
use tonic::Status;

use crate::{Caller, PartnerDesk, ReporterPhone};

impl ReporterPhone {
    /// Records what the carer agreed to.
    pub async fn records(
        &self,
        signal: &str,
        consent: Consent,
    ) -> Result<intake::SignalStatus, Status> {
        let is_vital = consent == Consent::VitalInterest;
        let request = intake::SetConsentRequest {
            signal_id: signal.to_owned(),
            consent: consent.number(),
            vital_interest_reason: if is_vital {
                "lies on the floor and does not answer".to_owned()
            } else {
                String::new()
            },
        };
        let recorded = self.0.intake().set_consent(request).await?;
        Ok(recorded.into_inner().signal.expect("a signal"))
    }
}

impl PartnerDesk {
    /// Reads who it is about; the code of the refusal where it may not.
    pub async fn learns(&self, situation: &str) -> Result<intake::GetContactResponse, String> {
        let request = intake::GetContactRequest {
            situation_id: situation.to_owned(),
            purpose: "first call".to_owned(),
        };
        let read = self.0.intake().get_contact(request).await;
        read.map(tonic::Response::into_inner)
            .map_err(|refused| Problem::from(&refused).code)
    }
}

impl Caller {
    /// Records whether the cared-for person of a situation objects.
    pub async fn records_objection(&self, situation: &str, objects: bool) -> Result<(), Status> {
        let request = intake::RecordObjectionRequest {
            situation_id: situation.to_owned(),
            objects,
        };
        self.intake().record_objection(request).await?;
        Ok(())
    }

    /// What a carer sees by a link, without an account.
    pub async fn my_situation(&self, token: &str) -> intake::MySituation {
        let request = intake::GetMySituationRequest {
            token: token.to_owned(),
        };
        let seen = self.intake().get_my_situation(request).await;
        seen.expect("the situation")
            .into_inner()
            .situation
            .expect("a situation")
    }

    /// A link by which the carer of this situation sees it.
    pub async fn situation_link(&self, situation: &str) -> String {
        let request = intake::IssueSituationLinkRequest {
            situation_id: situation.to_owned(),
            ..Default::default()
        };
        let made = self.intake().issue_situation_link(request).await;
        made.expect("a link")
            .into_inner()
            .link
            .expect("a link")
            .token
    }
}
