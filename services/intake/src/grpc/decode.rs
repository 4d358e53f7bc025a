//! From the wire to types that are always valid.

use jiff::Timestamp;
use knipperlicht_contracts::{from_proto, intake::v1 as pb};
use knipperlicht_vocabulary::{
    AgeBand, CodeError, Consent, DuplicateId, Language, NoteId, Observation, PostalCode,
    ReporterRole, SignalId, SituationId,
};

use crate::{
    IntakeError,
    model::{
        MatchText, MomentFault, Resolution, Said, check_reported_at, first_consent, match_texts,
    },
};

/// Characters at most in a note or a reason.
const LONGEST_NOTE: usize = 2_000;

/// A signal as it was sent, checked, but for what is personal in it.
pub(super) struct Sent {
    pub(super) signal: SignalId,
    pub(super) reported_at: Timestamp,
    pub(super) observations: Vec<Observation>,
    pub(super) postal_code: PostalCode,
    pub(super) role: ReporterRole,
    pub(super) consent: Consent,
    pub(super) language: Language,
    pub(super) age_band: Option<AgeBand>,
}

/// Checks a signal sent at `now`.
pub(super) fn signal(sent: &pb::Signal, now: Timestamp) -> Result<Sent, IntakeError> {
    let signal = signal_id("signal.signal_id", &sent.signal_id)?;
    let reported_at = from_proto(sent.reported_at.ok_or(IntakeError::Missing {
        field: "signal.reported_at",
    })?)?;
    check_reported_at(reported_at, now).map_err(|fault| {
        IntakeError::ReportedAt(match fault {
            MomentFault::Future => "in the future",
            MomentFault::TooOld => "more than 90 days ago",
        })
    })?;
    let observations = observations(&sent.observations)?;
    let postal_code: PostalCode = filled("signal.postal_code", &sent.postal_code)?.parse()?;
    let role = code("signal.reporter_role", sent.reporter_role)?;
    let consent = code("signal.consent", sent.consent)?;
    first_consent(consent, &sent.vital_interest_reason).map_err(|reason| IntakeError::Consent {
        field: "signal.consent",
        reason,
    })?;
    let language = optional("signal.language", sent.language)?.unwrap_or(Language::Dutch);
    let age_band = optional("signal.age_band", sent.age_band)?;
    note("signal.note", &sent.note)?;
    note("signal.vital_interest_reason", &sent.vital_interest_reason)?;
    if let Some(contact) = &sent.contact {
        longest("signal.contact.name", &contact.name, 200, "at most 200")?;
        longest("signal.contact.phone", &contact.phone, 40, "at most 40")?;
        longest("signal.contact.mail", &contact.mail, 200, "at most 200")?;
        longest(
            "signal.contact.address",
            &contact.address,
            300,
            "at most 300",
        )?;
        longest(
            "signal.contact.national_number",
            &contact.national_number,
            40,
            "at most 40",
        )?;
        longest(
            "signal.contact.family_name",
            &contact.family_name,
            100,
            "at most 100",
        )?;
    }
    Ok(Sent {
        signal,
        reported_at,
        observations,
        postal_code,
        role,
        consent,
        language,
        age_band,
    })
}

/// What recognises the carer in it, sent in `this_year`.
pub(super) fn identity(
    sent: &pb::Signal,
    postal_code: PostalCode,
    this_year: i16,
) -> Result<Vec<MatchText>, IntakeError> {
    let Some(contact) = &sent.contact else {
        return Ok(Vec::new());
    };
    let said = Said {
        phone: &contact.phone,
        mail: &contact.mail,
        national_number: &contact.national_number,
        family_name: &contact.family_name,
        birth_year: contact.birth_year,
    };
    Ok(match_texts(said, postal_code, this_year)?)
}

/// Each observation once, in the order of the list.
fn observations(sent: &[i32]) -> Result<Vec<Observation>, IntakeError> {
    let mut observations = sent
        .iter()
        .map(|number| code("signal.observations", *number))
        .collect::<Result<Vec<Observation>, _>>()?;
    observations.sort_unstable();
    observations.dedup();
    if observations.is_empty() {
        Err(IntakeError::NoObservations)
    } else {
        Ok(observations)
    }
}

/// A signal's id.
pub(super) fn signal_id(field: &'static str, text: &str) -> Result<SignalId, IntakeError> {
    filled(field, text)?
        .parse()
        .map_err(|source| IntakeError::Id { field, source })
}

/// A question's id.
pub(super) fn duplicate_id(field: &'static str, text: &str) -> Result<DuplicateId, IntakeError> {
    filled(field, text)?
        .parse()
        .map_err(|source| IntakeError::Id { field, source })
}

pub(super) fn note_id(field: &'static str, text: &str) -> Result<NoteId, IntakeError> {
    filled(field, text)?
        .parse()
        .map_err(|source| IntakeError::Id { field, source })
}

/// What a coordinator wants done.
pub(super) fn resolution(number: i32) -> Result<Resolution, IntakeError> {
    match pb::Resolution::try_from(number) {
        Ok(pb::Resolution::Merge) => Ok(Resolution::Merge),
        Ok(pb::Resolution::KeepApart) => Ok(Resolution::KeepApart),
        Ok(pb::Resolution::Split) => Ok(Resolution::Split),
        Ok(pb::Resolution::Unspecified) => Err(IntakeError::Missing {
            field: "resolution",
        }),
        Err(_) => Err(IntakeError::Code {
            field: "resolution",
            source: CodeError {
                list: "resolution",
                given: number.to_string(),
                known: "merge, keep_apart, split".to_owned(),
            },
        }),
    }
}

/// A situation's id.
pub(super) fn situation_id(field: &'static str, text: &str) -> Result<SituationId, IntakeError> {
    filled(field, text)?
        .parse()
        .map_err(|source| IntakeError::Id { field, source })
}

/// A mandatory code.
pub(super) fn code<T>(field: &'static str, number: i32) -> Result<T, IntakeError>
where
    T: TryFrom<i32, Error = CodeError>,
{
    optional(field, number)?.ok_or(IntakeError::Missing { field })
}

/// A code that may be left out: 0 on the wire.
pub(super) fn optional<T>(field: &'static str, number: i32) -> Result<Option<T>, IntakeError>
where
    T: TryFrom<i32, Error = CodeError>,
{
    match number {
        0 => Ok(None),
        number => T::try_from(number)
            .map(Some)
            .map_err(|source| IntakeError::Code { field, source }),
    }
}

/// Why somebody has to know.
pub(super) fn purpose(text: &str) -> Result<&str, IntakeError> {
    let purpose = text.trim();
    let length = purpose.chars().count();
    if (5..=500).contains(&length) {
        Ok(purpose)
    } else {
        Err(IntakeError::Length {
            field: "purpose",
            length,
            limit: "5 to 500",
        })
    }
}

/// A note or a reason.
pub(super) fn note(field: &'static str, text: &str) -> Result<(), IntakeError> {
    longest(field, text, LONGEST_NOTE, "at most 2,000")
}

fn longest(
    field: &'static str,
    text: &str,
    limit: usize,
    words: &'static str,
) -> Result<(), IntakeError> {
    let length = text.chars().count();
    if length > limit {
        Err(IntakeError::Length {
            field,
            length,
            limit: words,
        })
    } else {
        Ok(())
    }
}

fn filled<'a>(field: &'static str, text: &'a str) -> Result<&'a str, IntakeError> {
    if text.is_empty() {
        Err(IntakeError::Missing { field })
    } else {
        Ok(text)
    }
}
