//! A situation's story: who did what, in which order.

use jiff::Timestamp;
use knipperlicht_vocabulary::Actor;

/// Under this name the codes of an entry hold who did it, where the event says so.
pub const WHO: &str = "by";

/// Who did it, by what happened and its codes: a role, never a person. What a rule or a clock did,
/// and what nothing more is known of, was done by the system.
#[must_use]
#[allow(
    clippy::match_same_arms,
    reason = "a table: a line for every kind of event"
)]
pub fn who<'c>(event_type: &str, code: impl Fn(&str) -> Option<&'c str>) -> Actor {
    if let Some(by) = code(WHO).and_then(|by| by.parse().ok()) {
        return by;
    }
    match happened(event_type) {
        "signal.flagged" if code("reporter_role") == Some("carer") => Actor::Carer,
        "signal.flagged" | "signal.withdrawn" => Actor::Reporter,
        "situation.consent_changed" => Actor::Reporter,
        "situation.merged" | "situation.split" => Actor::Coordinator,
        "situation.vital_interest_acknowledged" => Actor::Coordinator,
        // One that waits for consent was held back by a rule.
        "referral.held" if code("awaiting_consent") == Some("true") => Actor::System,
        "referral.accepted" | "referral.declined" | "referral.held" => Actor::Partner,
        "followup.contact_recorded" | "followup.completed" => Actor::Partner,
        "followup.visit_planned" | "followup.visit_ended" => Actor::Partner,
        "followup.confirmed" | "followup.carer_answered" => Actor::Carer,
        "followup.link_made" | "followup.links_taken_back" => Actor::Partner,
        "situation.reopen_asked" => Actor::Reporter,
        "followup.loop_closed" => Actor::Coordinator,
        _ => Actor::System,
    }
}

/// What a story is sorted by, before the order in which it was heard: by when it happened. What
/// different services say of one moment comes in the order of the line.
#[must_use]
pub fn order(at: Timestamp, event_type: &str) -> (Timestamp, u8) {
    let place = match happened(event_type).split('.').next() {
        Some("signal") => 0,
        Some("situation") => 1,
        Some("assessment") => 2,
        Some("referral") => 3,
        _ => 4,
    };
    (at, place)
}

/// A type without what all of them begin and end with.
fn happened(event_type: &str) -> &str {
    let name = event_type
        .strip_prefix("knipperlicht.")
        .unwrap_or(event_type);
    name.rsplit_once(".v").map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who_of(event_type: &str, codes: &[(&str, &'static str)]) -> &'static str {
        let event_type = format!("knipperlicht.{event_type}.v1");
        let code = |name: &str| {
            codes
                .iter()
                .find(|(one, _)| *one == name)
                .map(|(_, code)| *code)
        };
        who(&event_type, code).code()
    }

    #[test]
    fn each_did_their_part() {
        for (event_type, codes, expected) in [
            (
                "signal.flagged",
                &[("reporter_role", "nurse")][..],
                "reporter",
            ),
            ("signal.flagged", &[("reporter_role", "carer")], "carer"),
            ("assessment.completed", &[], "system"),
            ("referral.requested", &[("by", "system")], "system"),
            (
                "referral.requested",
                &[("by", "coordinator")],
                "coordinator",
            ),
            ("referral.held", &[("awaiting_consent", "true")], "system"),
            ("referral.held", &[("awaiting_consent", "false")], "partner"),
            ("referral.accepted", &[], "partner"),
            ("referral.expired", &[], "system"),
            ("followup.clock_breached", &[], "system"),
            ("followup.completed", &[], "partner"),
            ("followup.confirmed", &[], "carer"),
            (
                "followup.reopened",
                &[("by_carer", "true"), ("by", "carer")],
                "carer",
            ),
            ("situation.merged", &[], "coordinator"),
            ("something.new", &[], "system"),
            ("something.new", &[("by", "somebody of tomorrow")], "system"),
        ] {
            assert_eq!(
                who_of(event_type, codes),
                expected,
                "{event_type} {codes:?}"
            );
        }
    }

    #[test]
    fn one_moment_is_told_in_the_order_of_the_line() {
        let at = Timestamp::UNIX_EPOCH;
        let mut told = [
            "knipperlicht.followup.completed.v1",
            "knipperlicht.referral.requested.v1",
            "knipperlicht.signal.flagged.v1",
            "knipperlicht.assessment.completed.v1",
        ];
        told.sort_by_key(|event_type| order(at, event_type));
        let told = told.map(|event_type| event_type.split('.').nth(1).unwrap_or_default());
        assert_eq!(told, ["signal", "assessment", "referral", "followup"]);
        assert!(
            order(at, "knipperlicht.followup.completed.v1")
                < order(Timestamp::MAX, "knipperlicht.signal.flagged.v1")
        );
    }
}
