//! Submitting signals.

use futures::future::join_all;
use knipperlicht_access::Principal;
use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb, to_proto};
use knipperlicht_eventing::Said;
use knipperlicht_runtime::{Coded, current_traceparent};
use knipperlicht_vocabulary::{EventId, SignalId, SituationId};
use knipperlicht_zones::Zone;
use prost::Message;
use tracing::{Instrument, Span};
use zeroize::Zeroizing;

use super::{IntakeCalls, decode, view};
use crate::{
    IntakeError,
    model::{Advice, MatchKey},
    store::{NewSignal, SealedRow},
};

/// Signals at most in one batch call.
const LARGEST_BATCH: usize = 100;

impl IntakeCalls {
    /// Stores one signal; the receipt is the same however often it is sent.
    pub(super) async fn submit_one(
        &self,
        principal: &Principal,
        signal: &pb::Signal,
    ) -> Result<pb::Receipt, IntakeError> {
        let prepared = self.prepare(principal, signal).await?;
        let observations = prepared.observations.clone();
        let advice = Advice::upon(prepared.consent);
        let stored = self
            .submit
            .store(prepared)
            .instrument(transaction_span())
            .await?;
        Ok(view::receipt(&self.zones, &stored, &observations, advice))
    }

    /// Stores several, each for itself.
    pub(super) async fn submit_many(
        &self,
        principal: &Principal,
        signals: &[pb::Signal],
    ) -> Result<Vec<pb::SubmitSignalResult>, IntakeError> {
        if signals.len() > LARGEST_BATCH {
            return Err(IntakeError::TooMany(signals.len()));
        }
        let results = signals
            .iter()
            .map(|signal| self.submit_result(principal, signal));
        Ok(join_all(results).await)
    }

    async fn submit_result(
        &self,
        principal: &Principal,
        signal: &pb::Signal,
    ) -> pb::SubmitSignalResult {
        let result = match self.submit_one(principal, signal).await {
            Ok(receipt) => pb::submit_signal_result::Result::Receipt(receipt),
            Err(error) => pb::submit_signal_result::Result::Refusal(refusal(&error)),
        };
        pb::SubmitSignalResult {
            signal_id: signal.signal_id.clone(),
            result: Some(result),
        }
    }

    /// Checks a signal, finds its zone, seals what is personal in it, and makes its event.
    pub(super) async fn prepare(
        &self,
        principal: &Principal,
        signal: &pb::Signal,
    ) -> Result<NewSignal, IntakeError> {
        let environment = &self.kit.environment;
        let sent = decode::signal(signal, environment.now())?;
        let keys = self.keys(signal, &sent)?;
        let zone: &Zone = self
            .zones
            .resolve(sent.postal_code, environment.today())?
            .zone;
        // The same for the same signal, so that sending it twice at once cannot open two.
        let situation = SituationId::derived(sent.signal.uuid(), "situation");
        let (key, sealed) = self.seal(situation, sent.signal, signal).await?;
        let circumstances = events::Circumstances {
            postal_code: sent.postal_code.to_string(),
            zone_id: zone.id.to_string(),
            language: sent.language.number(),
            age_band: sent
                .age_band
                .map_or(0, knipperlicht_vocabulary::AgeBand::number),
            consent: sent.consent.number(),
            consent_sequence: 1,
            cared_for_objects: false,
        };
        let body = events::SignalFlagged {
            signal_id: sent.signal.to_string(),
            observations: sent
                .observations
                .iter()
                .map(|observation| observation.number())
                .collect(),
            reporter_role: sent.role.number(),
            reported_at: Some(to_proto(sent.reported_at)),
            circumstances: Some(circumstances),
            reporter_key: self.reporters.of(&principal.subject),
        };
        Ok(NewSignal {
            signal: sent.signal,
            reporter: principal.subject.clone(),
            role: sent.role,
            observations: sent.observations,
            reported_at: sent.reported_at,
            content: self.content.of(&Zeroizing::new(signal.encode_to_vec())),
            postal_code: sent.postal_code,
            language: sent.language,
            age_band: sent.age_band,
            consent: sent.consent,
            key,
            sealed,
            keys,
            proven: true,
            said: Said {
                id: EventId::new(environment),
                situation,
                zone: zone.id.clone(),
                body: body.into(),
                traceparent: current_traceparent(&Span::current()),
            },
        })
    }

    /// What recognises the carer, hashed so that nobody can find out who it is by trying.
    fn keys(&self, signal: &pb::Signal, sent: &decode::Sent) -> Result<Vec<MatchKey>, IntakeError> {
        let this_year = self.kit.environment.today().year();
        let texts = decode::identity(signal, sent.postal_code, this_year)?;
        let keys = texts.iter().map(|one| {
            let named = Zeroizing::new([one.kind.code(), ":", one.text.as_str()].concat());
            MatchKey {
                kind: one.kind,
                hash: self.identity.of(named.as_bytes()),
            }
        });
        Ok(keys.collect())
    }

    /// Seals contact, note and reason under a key of the situation's own; no key without need.
    async fn seal(
        &self,
        situation: SituationId,
        id: SignalId,
        signal: &pb::Signal,
    ) -> Result<(Option<knipperlicht_privacy::WrappedKey>, Vec<SealedRow>), IntakeError> {
        let contact = signal
            .contact
            .as_ref()
            .map(|contact| Zeroizing::new(contact.encode_to_vec()));
        let parts = [
            (
                "contact",
                contact
                    .as_ref()
                    .map_or(&[][..], |contact| contact.as_slice()),
            ),
            ("note", signal.note.as_bytes()),
            ("vital_interest", signal.vital_interest_reason.as_bytes()),
        ];
        if parts.iter().all(|(_, plain)| plain.is_empty()) {
            return Ok((None, Vec::new()));
        }
        let environment = &self.kit.environment;
        let (key, wrapped) = self.vault.new_key(environment, situation).await?;
        let sealed = parts
            .into_iter()
            .filter(|(_, plain)| !plain.is_empty())
            .map(|(kind, plain)| {
                let place = format!("{kind}:{id}");
                let sealed = key.seal(environment, &place, plain)?;
                Ok(SealedRow {
                    situation,
                    place,
                    sealed,
                })
            })
            .collect::<Result<_, IntakeError>>()?;
        Ok((Some(wrapped), sealed))
    }
}

/// The span of the commit that a signal waits for, together with others.
fn transaction_span() -> Span {
    tracing::info_span!(
        "transaction",
        otel.name = "transaction",
        otel.kind = "client",
        db.system.name = "postgresql",
        db.namespace = "intake",
    )
}

fn refusal(error: &IntakeError) -> pb::Refusal {
    let status = knipperlicht_runtime::refusal(error);
    pb::Refusal {
        code: error.code().to_owned(),
        field: error.field().unwrap_or_default().to_owned(),
        message: status.message().to_owned(),
    }
}
