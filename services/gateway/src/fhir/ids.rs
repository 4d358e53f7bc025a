//! Ids of what the services show only with its situation: the situation's and its own, 32 digits each,
//! which is as long as FHIR lets an id be.

use uuid::Uuid;

/// A UUID without its dashes; a text that is none, as it is.
pub(super) fn unhyphenated(id: &str) -> String {
    Uuid::try_parse(id).map_or_else(|_| id.to_owned(), |id| id.simple().to_string())
}

/// The id of something of a situation.
pub(super) fn paired(situation: &str, own: &str) -> String {
    format!("{}{}", unhyphenated(situation), unhyphenated(own))
}

/// Whether it is an id as the services have it.
pub(super) fn is_uuid(id: &str) -> bool {
    id.len() == 36 && Uuid::try_parse(id).is_ok()
}

/// The situation in such an id, where it is one.
pub(super) fn situation_of(id: &str) -> Option<String> {
    let digits = id.get(..32)?;
    Uuid::try_parse(digits).ok().map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ids_are_in_one_that_fhir_takes() {
        let situation = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b";
        let id = paired(situation, "0190a3b2-7c4d-7e5f-8a9b-000000000000");
        assert_eq!(id.len(), 64);
        assert_eq!(situation_of(&id).as_deref(), Some(situation));
        for wrong in [
            "",
            "0190a3b2",
            "ü190a3b27c4d7e5f8a9b0c1d2e3f4a5b",
            "nonsense",
        ] {
            assert_eq!(situation_of(wrong), None, "{wrong}");
        }
    }
}
