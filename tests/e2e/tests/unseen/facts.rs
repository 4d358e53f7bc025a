//! The model: whose everything is, by who flagged it, where it lies and who was asked. It reads what
//! was written, as the owner of the tables, and knows nothing of policies.

use std::collections::HashMap;

use knipperlicht_access::Role;
use knipperlicht_e2e::World;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::unseen::people::Person;

/// The situation that an id belongs to, and, where it has one, its owner's name: the organisation, the
/// zone or the account.
const WHOSE: &str = "
    select 'signal', situation_id, reporter_id from intake.signal where signal_id = $1
    union all select 'situation', situation_id, null from intake.situation where situation_id = $1
    union all select 'duplicate', first_id, null from intake.duplicate where duplicate_id = $1
    union all select 'referral', situation_id, organisation_id from routing.referral where referral_id = $1
    union all select 'item', situation_id, null from routing.item where item_id = $1
    union all select 'task', situation_id, organisation_id from followup.task where task_id = $1
    union all select 'clock', situation_id, null from followup.clock where clock_id = $1
    union all select 'assessment', situation_id, null from assessment.assessment where assessment_id = $1
    union all select 'response', situation_id, null from assessment.response where response_id = $1
    union all select 'subscription', subscription_id, case owner_kind when 'reporter' then subject else owner end
              from notification.subscription where subscription_id = $1
    union all select 'delivery', subscription_id, case owner_kind when 'reporter' then subject else owner end
              from notification.delivery join notification.subscription using (subscription_id)
              where delivery_id = $1";

/// Whether somebody has to do with a situation.
const CONCERNS: &str = "
    select case $1
        when 'reporter' then exists (
            select from intake.signal where situation_id = $3 and reporter_id = $2)
        when 'partner' then exists (
            select from routing.referral
            where situation_id = $3 and organisation_id = $2 and requested_at is not null)
        when 'coordinator' then exists (
            select from intake.situation where situation_id = $3 and zone = $2
            union all select from routing.referral where situation_id = $3 and zone = $2)
        else false end";

pub(crate) struct Facts {
    owner: PgConnection,
    /// The situation that a carer's link opens.
    links: HashMap<String, Uuid>,
    /// The signal in which a carer's name was said.
    marks: HashMap<String, Uuid>,
    /// The situation that a partner's note is about.
    notes: HashMap<String, Uuid>,
}

/// Every id, and every name of a carer, in a text.
pub(crate) fn ids_and_marks(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    for length in [36, 9] {
        for window in characters.windows(length) {
            let word: String = window.iter().collect();
            let is_mark = length == 9
                && word
                    .strip_prefix("MARK")
                    .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
            if is_mark || length == 36 && word.parse::<Uuid>().is_ok() {
                found.push(word);
            }
        }
    }
    found
}

impl Facts {
    pub(crate) async fn new(world: &World) -> Self {
        Self {
            owner: world.look().await,
            links: HashMap::new(),
            marks: HashMap::new(),
            notes: HashMap::new(),
        }
    }

    /// Remembers which carer a new signal names, and which situation a new link opens.
    pub(crate) fn note_link(&mut self, sent: &[(String, String)], told: &[(String, String)]) {
        let first = |texts: &[(String, String)], name: &str| {
            let mut all = texts.iter().filter(|(field, _)| field == name);
            all.next().map(|(_, text)| text.clone())
        };
        if let Some(token) = first(told, "token")
            && let Some(about) = first(sent, "situation_id")
                .or_else(|| first(sent, "task_id"))
                .or_else(|| first(sent, "signal_id"))
            && let Ok(about) = about.parse()
        {
            self.links.insert(token, about);
        }
        if let Some(note) = first(sent, "note_id")
            && let Some(Ok(about)) = first(sent, "situation_id").map(|about| about.parse())
        {
            self.notes.insert(note, about);
        }
        // A batch names several: each note goes with the signal before it.
        let mut signal = None;
        for (field, text) in sent {
            match field.as_str() {
                "signal_id" => signal = text.parse::<Uuid>().ok(),
                "note" => {
                    if let Some(signal) = signal {
                        self.marks.entry(text.clone()).or_insert(signal);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether it is theirs to see; otherwise whose it is.
    pub(crate) async fn may_see(
        &mut self,
        person: &Person,
        found: &str,
        sent: &[(String, String)],
    ) -> Result<(), String> {
        if let Some(signal) = self.marks.get(found).copied() {
            return self.may_know_carer(person, signal).await;
        }
        if let Some(situation) = self.notes.get(found).copied() {
            let is_told = person.role == Role::Partner && self.concerns(person, situation).await;
            return is_told.then_some(()).ok_or_else(|| "a note".to_owned());
        }
        let id: Uuid = found
            .parse()
            .map_err(|_| "a name that nobody gave".to_owned())?;
        let (kind, situation, owner) = self.whose(id).await.ok_or("nobody's")?;
        let is_own = owner.as_ref().is_none_or(|owner| *owner == person.own);
        let sees = match (person.role, kind.as_str()) {
            // Of others' signals in the same situation a reporter hears nothing.
            (_, "subscription" | "delivery")
            | (Role::Reporter, "signal")
            | (Role::Partner, "task") => is_own,
            (Role::Partner, "item" | "duplicate") => false,
            (Role::Reporter, "situation") | (Role::Partner | Role::Coordinator, _) => {
                self.concerns(person, situation).await
            }
            (Role::LinkHolder, _) => self.opens(sent, situation).await,
            _ => false,
        };
        if sees {
            Ok(())
        } else {
            Err(format!("a {kind} of {situation}, {owner:?}"))
        }
    }

    /// Who it is about, a partner reads that has a follow-up in the situation, and nobody else.
    async fn may_know_carer(&mut self, person: &Person, signal: Uuid) -> Result<(), String> {
        let accepted: bool = sqlx::query_scalar(
            "select exists (
                 select from followup.task join intake.signal using (situation_id)
                 where signal_id = $1 and organisation_id = $2 and held_at is null)",
        )
        .bind(signal)
        .bind(&person.own)
        .fetch_one(&mut self.owner)
        .await
        .unwrap();
        if person.role == Role::Partner && accepted {
            Ok(())
        } else {
            Err("the name of a carer".to_owned())
        }
    }

    async fn whose(&mut self, id: Uuid) -> Option<(String, Uuid, Option<String>)> {
        sqlx::query_as(WHOSE)
            .bind(id)
            .fetch_optional(&mut self.owner)
            .await
            .unwrap()
    }

    async fn concerns(&mut self, person: &Person, situation: Uuid) -> bool {
        sqlx::query_scalar(CONCERNS)
            .bind(person.role.name())
            .bind(&person.own)
            .bind(situation)
            .fetch_one(&mut self.owner)
            .await
            .unwrap()
    }

    /// Whether a link in the request opens the situation, or the signal in it has made it.
    async fn opens(&mut self, sent: &[(String, String)], situation: Uuid) -> bool {
        for (field, text) in sent {
            let about = match field.as_str() {
                "token" => self.links.get(text).copied(),
                "signal_id" => text.parse().ok(),
                _ => None,
            };
            let Some(about) = about else { continue };
            let Some((kind, found, owner)) = self.whose(about).await else {
                continue;
            };
            let is_card = kind != "signal" || owner.is_some_and(|owner| owner.starts_with("card:"));
            if found == situation && is_card {
                return true;
            }
        }
        false
    }
}
