//! `SubmitAssessment`: a form that was filled in changes how a situation is judged.

use jiff::Timestamp;
use knipperlicht_access::{OwnedTransaction, Principal, Role};
use knipperlicht_contracts::assessment::v1 as pb;
use knipperlicht_eventing::say;
use knipperlicht_vocabulary::{AssessmentId, SignalId};

use super::{
    AssessmentCalls,
    decode::{self, Form},
    sees, view,
};
use crate::{
    AssessmentError,
    model::{
        Inputs, ResultInput,
        instrument::{Entry, Scored},
    },
    said,
    store::{self, Cause, Known, NewAssessment, ResponseRow, Which},
};

/// So often at most is a form added again when others change the situation at the same moment.
const ATTEMPTS: usize = 5;

/// The place of a judgement, as the database names it when two writers take the same.
const PLACES: [&str; 2] = ["assessment_of_situation", "response_pkey"];

impl AssessmentCalls {
    /// Takes a form: scores it, keeps it, and judges its situation anew.
    pub(super) async fn submit(
        &self,
        principal: &Principal,
        sent: &pb::SubmitAssessmentRequest,
    ) -> Result<pb::SubmitAssessmentResponse, AssessmentError> {
        let now = self.kit.environment.now();
        let form = decode::form(sent, &self.catalogue, now)?;
        let scored = form.instrument.score(&form.entry)?;
        for _ in 0..ATTEMPTS {
            match self.add(principal, &form, &scored, now).await {
                Err(AssessmentError::Database(error)) if is_taken(&error) => {}
                added => return added,
            }
        }
        Err(AssessmentError::Crowded)
    }

    async fn add(
        &self,
        principal: &Principal,
        form: &Form<'_>,
        scored: &Scored,
        now: Timestamp,
    ) -> Result<pb::SubmitAssessmentResponse, AssessmentError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        let known = self.known(&mut transaction, principal, form).await?;
        let row = ResponseRow {
            situation: form.situation,
            recorded_at: now,
            result: result(form, scored, now),
        };
        let row = match store::response(&mut transaction, form.response).await? {
            Some(before) if is_same(&before, &row, form) => before,
            Some(_) => return Err(AssessmentError::OtherForm),
            None => {
                self.judge(&mut transaction, principal, known, &row).await?;
                row
            }
        };
        let which = Which::One(assessment_of(&row));
        let judged = store::read(&mut transaction, which).await?.pop();
        let judged = judged.ok_or(AssessmentError::NotFound { what: "assessment" })?;
        let sees = sees(&mut transaction, principal, judged.situation).await?;
        transaction.commit().await?;
        self.kit.committed();
        Ok(pb::SubmitAssessmentResponse {
            result: Some(view::result(&row, &self.catalogue)),
            assessment: Some(view::assessment(&judged, self.books(), sees)?),
        })
    }

    /// What the situation was judged by last, if the caller may add to it: from here on the
    /// transaction acts as the service, for what follows is not all the caller's to see.
    async fn known(
        &self,
        transaction: &mut OwnedTransaction,
        principal: &Principal,
        form: &Form<'_>,
    ) -> Result<Known, AssessmentError> {
        let not_found = AssessmentError::NotFound { what: "situation" };
        let known = if principal.role == Role::Reporter {
            // Assessment does not learn who flagged what. Whoever names a signal's id, which was made on the
            // reporter's phone and is no part of what others see, is its reporter.
            let signal = form
                .signal
                .ok_or(AssessmentError::Missing { field: "signal_id" })?;
            transaction.act_as(&self.kit.principal).await?;
            let known = store::latest_of(transaction, form.situation).await?;
            known.filter(|known| flagged_as_professional(&known.inputs, signal))
        } else {
            let known = store::latest_of(transaction, form.situation).await?;
            transaction.act_as(&self.kit.principal).await?;
            known
        };
        known.ok_or(not_found)
    }

    /// Judges the situation with this form, and says so where somebody has to act upon it.
    async fn judge(
        &self,
        transaction: &mut OwnedTransaction,
        principal: &Principal,
        known: Known,
        row: &ResponseRow,
    ) -> Result<(), AssessmentError> {
        let table = self.triage.current();
        let (Some(newest), Some(circumstances)) =
            (known.inputs.newest_signal(), known.circumstances)
        else {
            return Err(AssessmentError::NothingStands);
        };
        let signal = newest.signal;
        let before = table.judge(&known.inputs);
        let inputs = known.inputs.with_result(row.result.clone());
        let new = NewAssessment {
            id: assessment_of(row),
            situation: row.situation,
            signal,
            judgement: table.judge(&inputs),
            sequence: known.sequence + 1,
            cause: Cause::Form(row.result.response),
            circumstances: Some(circumstances),
            zone: known.zone,
            inputs,
        };
        let role = principal.role.name();
        store::insert_response(transaction, row, new.zone.as_str(), role).await?;
        // What is no more urgent and needs nothing new has its path already: nobody is asked again.
        let matters = new.judgement.asks_for_more_than(&before);
        let step = self.kit.step(&mut *transaction, new.situation).await?;
        let said = matters
            .then(|| said::completed(&self.kit.environment, table, &new, step.traceparent()));
        let said: Vec<_> = said.into_iter().collect();
        let now = row.recorded_at;
        store::insert(
            transaction,
            now,
            table.version(),
            std::slice::from_ref(&new),
        )
        .await?;
        say(transaction, now, &said).await?;
        Ok(())
    }
}

/// The judgement that a form leads to.
fn assessment_of(row: &ResponseRow) -> AssessmentId {
    AssessmentId::derived(row.result.response.uuid(), "")
}

fn result(form: &Form<'_>, scored: &Scored, now: Timestamp) -> ResultInput {
    let answers = match &form.entry {
        Entry::Answers(answers) => answers.clone(),
        Entry::Total(_) => std::collections::BTreeMap::new(),
    };
    ResultInput {
        response: form.response,
        at: form.answered_at.unwrap_or(now),
        instrument: form.instrument.id.clone(),
        version: form.instrument.version.clone(),
        score: scored.score,
        band: scored.band.clone(),
        overloaded: scored.overloaded,
        answers,
    }
}

/// Whether a form was sent before just so. When it was filled in may have been left to us.
fn is_same(before: &ResponseRow, now: &ResponseRow, form: &Form<'_>) -> bool {
    let at = match form.answered_at {
        Some(_) => now.result.at,
        None => before.result.at,
    };
    let now_result = ResultInput {
        at,
        ..now.result.clone()
    };
    before.situation == now.situation && before.result == now_result
}

fn flagged_as_professional(inputs: &Inputs, signal: SignalId) -> bool {
    let own = inputs.signals.iter().find(|known| known.signal == signal);
    own.and_then(|own| own.role).is_some_and(may_fill_in)
}

/// The roles in which somebody is trained to go through a form with a carer. Own default.
const fn may_fill_in(role: knipperlicht_vocabulary::ReporterRole) -> bool {
    use knipperlicht_vocabulary::ReporterRole as R;
    match role {
        R::HomeCareWorker
        | R::Nurse
        | R::GeneralPractitioner
        | R::Pharmacist
        | R::Teacher
        | R::SocialWorker => true,
        R::Cleaner | R::Volunteer | R::Neighbour | R::Carer | R::Other => false,
    }
}

fn is_taken(error: &sqlx::Error) -> bool {
    let constraint = error
        .as_database_error()
        .and_then(|error| error.constraint());
    constraint.is_some_and(|constraint| PLACES.contains(&constraint))
}
