//! What reporters and carers do before anybody is asked.

use jiff::SignedDuration;
use knipperlicht_contracts::{
    intake::v1::{self as intake, intake_service_client::IntakeServiceClient},
    to_proto,
};
use knipperlicht_vocabulary::{Consent, Environment, SignalId};

use super::{
    Play, bear,
    course::{Course, Deed},
    together,
};
use crate::dev::{
    DevError,
    years::plan::{Moment, Sign, Story, later},
};

impl Play<'_> {
    /// Flags what is to be flagged.
    pub(super) async fn flag(&mut self, deeds: &[Deed], now: Moment) -> Result<(), DevError> {
        let mut calls = Vec::new();
        for deed in deeds {
            let Deed::Flag(course, number) = *deed else {
                continue;
            };
            let story = &self.courses[course].story;
            let sign = &story.signs[number];
            let signal = signal_of(story, sign, &self.environment);
            let mut phone = IntakeServiceClient::new(self.callers.reporter(&sign.reporter)?);
            calls.push(async move {
                let signal = Some(signal);
                let sent = phone.submit_signal(intake::SubmitSignalRequest { signal });
                Ok((course, sent.await?.into_inner().receipt.unwrap_or_default()))
            });
        }
        for (course, receipt) in together(calls).await? {
            self.signals += 1;
            self.is_asked_anew = true;
            self.touch(&receipt.situation_id);
            let known = self.by_situation.contains_key(&receipt.situation_id);
            if known || !self.courses[course].situation_id.is_empty() {
                continue;
            }
            self.begin(course, receipt, now);
        }
        Ok(())
    }

    fn begin(&mut self, number: usize, receipt: intake::Receipt, now: Moment) {
        let course = &mut self.courses[number];
        let Course { story, .. } = course;
        for (sign, one) in story.signs.iter().enumerate().skip(1) {
            self.agenda.add(one.moment, Deed::Flag(number, sign));
        }
        if let Some(days) = story.agrees_after {
            let then = Moment::afternoon(later(now.day, days));
            self.agenda.add(then, Deed::Agree(number));
        }
        course.signal_id = receipt.signal_id;
        course.situation_id.clone_from(&receipt.situation_id);
        self.by_situation.insert(receipt.situation_id, number);
    }

    /// Carers who were not asked agree.
    pub(super) async fn agree(&mut self, deeds: &[Deed]) -> Result<(), DevError> {
        let agreed = deeds.iter().filter_map(|deed| match deed {
            Deed::Agree(course) => Some((*course, Consent::Given)),
            _ => None,
        });
        self.consent(agreed.collect()).await
    }

    /// Whoever flagged it first says what the carer answered.
    pub(super) async fn consent(&mut self, said: Vec<(usize, Consent)>) -> Result<(), DevError> {
        let mut calls = Vec::new();
        for (number, consent) in said {
            let course = &self.courses[number];
            let Some(sign) = course.story.signs.first() else {
                continue;
            };
            let request = intake::SetConsentRequest {
                signal_id: course.signal_id.clone(),
                consent: consent.number(),
                vital_interest_reason: String::new(),
            };
            let mut phone = IntakeServiceClient::new(self.callers.reporter(&sign.reporter)?);
            let situation = course.situation_id.clone();
            self.touch(&situation);
            self.is_asked_anew = true;
            calls.push(async move { bear(phone.set_consent(request).await) });
        }
        together(calls).await?;
        Ok(())
    }
}

fn signal_of(story: &Story, sign: &Sign, environment: &Environment) -> intake::Signal {
    let noticed = environment.now() - SignedDuration::from_mins(sign.noticed);
    intake::Signal {
        signal_id: SignalId::new(environment).to_string(),
        reported_at: Some(to_proto(noticed)),
        observations: sign.observations.iter().map(|one| one.number()).collect(),
        postal_code: story.postal_code.to_string(),
        reporter_role: sign.role.number(),
        consent: story.consent.number(),
        language: story.language.number(),
        age_band: story.age_band.number(),
        contact: story.contact.clone(),
        note: sign.note.to_owned(),
        ..Default::default()
    }
}
