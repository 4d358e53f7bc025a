//! The table role x call. A call without a row is refused to everybody; a test keeps the table
//! equal to the contracts.

use crate::Role::{self, Admin, Analyst, Coordinator, LinkHolder, Operator, Partner, Reporter};

/// Which roles may make which call.
pub const CALLS: &[(&str, &[Role])] = &[
    (
        "knipperlicht.intake.v1.IntakeService/SubmitSignal",
        &[Reporter],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/SubmitSignals",
        &[Reporter],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/GetSignal",
        &[Reporter],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/ListMySignals",
        &[Reporter],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/WatchMySignals",
        &[Reporter],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/WithdrawSignal",
        &[Reporter],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/SetConsent",
        &[Reporter],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/RecordObjection",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/ReadVitalInterest",
        &[Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/AcknowledgeVitalInterest",
        &[Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/GetContact",
        &[Partner],
    ),
    (
        "knipperlicht.assessment.v1.AssessmentService/ListInstruments",
        &[Reporter, Partner, Coordinator, Admin],
    ),
    (
        "knipperlicht.assessment.v1.AssessmentService/SubmitAssessment",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/ListDuplicates",
        &[Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/ResolveDuplicate",
        &[Coordinator],
    ),
    (
        "knipperlicht.assessment.v1.AssessmentService/GetAssessment",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.assessment.v1.AssessmentService/ListAssessments",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ResolveZone",
        &[Reporter, Partner, Coordinator, Analyst, Operator, Admin],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ListServices",
        &[Reporter, Partner, Coordinator, Analyst, Operator, Admin],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/GetInformationCard",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ImportServices",
        &[Admin],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ExportServices",
        &[Coordinator, Analyst, Operator, Admin],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/SetCapacity",
        &[Partner, Admin],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ListReferrals",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/WatchReferrals",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/AvailableActions",
        &[Partner, Coordinator],
    ),
    ("knipperlicht.routing.v1.RoutingService/Accept", &[Partner]),
    ("knipperlicht.routing.v1.RoutingService/Decline", &[Partner]),
    (
        "knipperlicht.routing.v1.RoutingService/Redirect",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/HandOver",
        &[Partner, Coordinator],
    ),
    ("knipperlicht.routing.v1.RoutingService/Hold", &[Partner]),
    ("knipperlicht.routing.v1.RoutingService/Release", &[Partner]),
    (
        "knipperlicht.routing.v1.RoutingService/Assign",
        &[Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/Cancel",
        &[Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ListItems",
        &[Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ExplainReferral",
        &[Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/PreviewRoute",
        &[Coordinator, Admin],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ListUnmetNeeds",
        &[Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/ListTasks",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/ListPromises",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/RecordContact",
        &[Partner],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/Schedule",
        &[Partner],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/RecordVisit",
        &[Partner],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/Complete",
        &[Partner],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/IssueCarerLink",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/ConfirmOutcome",
        &[LinkHolder],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/Reopen",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/GetTimeline",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/ListOpenLoops",
        &[Coordinator],
    ),
    ("knipperlicht.intake.v1.IntakeService/AddNote", &[Partner]),
    (
        "knipperlicht.followup.v1.FollowupService/NameContactPerson",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/HandOverWork",
        &[Partner],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/RevokeCarerLinks",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/CloseLoop",
        &[Coordinator],
    ),
    ("knipperlicht.intake.v1.IntakeService/MarkSeen", &[Reporter]),
    (
        "knipperlicht.intake.v1.IntakeService/ReportNotBetter",
        &[Reporter],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/ListTold",
        &[Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/IssueSituationLink",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/RevokeSituationLinks",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/GetMySituation",
        &[LinkHolder],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/WithdrawMyConsent",
        &[LinkHolder],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/IssueSelfSignalCard",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/RevokeSelfSignalCard",
        &[Partner, Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/SubmitSelfSignal",
        &[LinkHolder],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/EraseSituation",
        &[Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/AskMyErasure",
        &[LinkHolder],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/ListErasureRequests",
        &[Coordinator],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/ExportSituation",
        &[Coordinator],
    ),
    (
        "knipperlicht.assessment.v1.AssessmentService/ExportSituation",
        &[Coordinator],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/ExportSituation",
        &[Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/ExportSituation",
        &[Coordinator],
    ),
    (
        "knipperlicht.notification.v1.NotificationService/Subscribe",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.notification.v1.NotificationService/ListSubscriptions",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.notification.v1.NotificationService/Unsubscribe",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.notification.v1.NotificationService/RotateSecret",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.notification.v1.NotificationService/ListDeliveries",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.notification.v1.NotificationService/Redeliver",
        &[Reporter, Partner, Coordinator],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/ZoneReport",
        &[Coordinator, Analyst],
    ),
    (
        "knipperlicht.intake.v1.IntakeService/GetBacklog",
        &[Operator, Admin],
    ),
    (
        "knipperlicht.assessment.v1.AssessmentService/GetBacklog",
        &[Operator, Admin],
    ),
    (
        "knipperlicht.routing.v1.RoutingService/GetBacklog",
        &[Operator, Admin],
    ),
    (
        "knipperlicht.followup.v1.FollowupService/GetBacklog",
        &[Operator, Admin],
    ),
    (
        "knipperlicht.notification.v1.NotificationService/GetBacklog",
        &[Operator, Admin],
    ),
];

/// The roles that may make this call, where the table knows it.
#[must_use]
pub fn allowed(call: &str) -> Option<&'static [Role]> {
    CALLS
        .iter()
        .find(|(known, _)| *known == call)
        .map(|(_, roles)| *roles)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn every_call_of_the_contracts_has_a_row_and_every_row_a_call() {
        let contracts = FileDescriptorSet::decode(knipperlicht_contracts::DESCRIPTORS).unwrap();
        let calls: BTreeSet<String> = contracts
            .file
            .iter()
            .flat_map(|file| {
                file.service.iter().flat_map(move |service| {
                    service.method.iter().map(move |method| {
                        format!("{}.{}/{}", file.package(), service.name(), method.name())
                    })
                })
            })
            .collect();
        let rows: BTreeSet<String> = CALLS.iter().map(|(call, _)| (*call).to_owned()).collect();
        assert_eq!(rows, calls);
        assert_eq!(rows.len(), CALLS.len(), "a call has two rows");
    }
}
