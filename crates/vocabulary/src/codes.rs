//! The closed lists of codes. Each has a number (the wire), a code (storage, JSON, logs) and no
//! wording: the words a person reads live in the web app's translation files.

/// A number or text that is no code of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a known {list}; known are: {known}")]
pub struct CodeError {
    /// Which list was meant.
    pub list: &'static str,
    /// What was given, cut to 40 characters.
    pub given: String,
    /// The codes of the list.
    pub known: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $list:literal { $($(#[$vdoc:meta])* $variant:ident = $number:literal $code:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum $name {
            $($(#[$vdoc])* #[doc = concat!("`", $code, "`")] $variant,)*
        }

        impl $name {
            /// Every code of the list, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code, as stored and as shown to machines.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The number, as in the protos.
            #[must_use]
            pub const fn number(self) -> i32 {
                match self { $(Self::$variant => $number,)* }
            }

            fn unknown(given: &str) -> CodeError {
                CodeError {
                    list: $list,
                    given: given.chars().take(40).collect(),
                    known: [$($code),*].join(", "),
                }
            }
        }

        impl TryFrom<i32> for $name {
            type Error = CodeError;

            fn try_from(number: i32) -> Result<Self, CodeError> {
                match number {
                    $($number => Ok(Self::$variant),)*
                    other => Err(Self::unknown(&other.to_string())),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = CodeError;

            fn from_str(code: &str) -> Result<Self, CodeError> {
                match code {
                    $($code => Ok(Self::$variant),)*
                    other => Err(Self::unknown(other)),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = CodeError;

            fn try_from(code: String) -> Result<Self, CodeError> {
                code.parse()
            }
        }

        impl From<$name> for &'static str {
            fn from(code: $name) -> Self {
                code.code()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    )*};
}

codes! {
    /// What a reporter noticed about a carer or at home.
    Observation "observation" {
        Exhausted = 1 "exhausted",
        SleepsBadly = 2 "sleeps_badly",
        PhysicallyUnwell = 3 "physically_unwell",
        TenseOrIrritable = 4 "tense_or_irritable",
        SadOrHopeless = 5 "sad_or_hopeless",
        Isolated = 6 "isolated",
        GaveUpOwnLife = 7 "gave_up_own_life",
        ConstantWorry = 8 "constant_worry",
        ConflictAtHome = 9 "conflict_at_home",
        TasksTooHeavy = 10 "tasks_too_heavy",
        NoBackup = 11 "no_backup",
        WorkOrStudySuffers = 12 "work_or_study_suffers",
        MoneyWorries = 13 "money_worries",
        LostInPaperwork = 14 "lost_in_paperwork",
        UnawareOfSupport = 15 "unaware_of_support",
        BehaviourHardToBear = 16 "behaviour_hard_to_bear",
        AsksForHelp = 17 "asks_for_help",
        SaysCannotGoOn = 18 "says_cannot_go_on",
        HospitalDischarge = 19 "hospital_discharge",
        NewDiagnosis = 20 "new_diagnosis",
        OtherSuddenChange = 21 "other_sudden_change",
        Bereavement = 22 "bereavement",
        YoungCarer = 23 "young_carer",
        ParentOfChildWithDisability = 24 "parent_of_child_with_disability",
        SuspectedRoughCareOrNeglect = 25 "suspected_rough_care_or_neglect",
        FearOfViolence = 26 "fear_of_violence",
        SuicidalTalk = 27 "suicidal_talk",
    }

    /// What a carer needs.
    Need "need" {
        Information = 1 "information",
        Administration = 2 "administration",
        Financial = 3 "financial",
        PracticalHelp = 4 "practical_help",
        Respite = 5 "respite",
        Psychosocial = 6 "psychosocial",
        PeerSupport = 7 "peer_support",
        Training = 8 "training",
        CareCoordination = 9 "care_coordination",
        WorkOrStudy = 10 "work_or_study",
        RecognitionAndListening = 11 "recognition_and_listening",
        Safety = 12 "safety",
    }

    /// How soon someone must act. Ordered: a later one is more urgent.
    Urgency "urgency" {
        Routine = 1 "routine",
        Soon = 2 "soon",
        Urgent = 3 "urgent",
        Emergency = 4 "emergency",
    }

    /// What a carer may ask of those who help: four things that carers named themselves.
    CarerAsk "carer's ask" {
        Knowledge = 1 "knowledge",
        Collaboration = 2 "collaboration",
        Recognition = 3 "recognition",
        BeingHeard = 4 "being_heard",
    }

    /// Whether the carer agreed that a partner learns who they are.
    Consent "consent" {
        Given = 1 "given",
        NotAsked = 2 "not_asked",
        Refused = 3 "refused",
        VitalInterest = 4 "vital_interest",
        Withdrawn = 5 "withdrawn",
    }

    /// What a partner says of its room for new people.
    CapacityState "capacity" {
        Available = 1 "available",
        Waitlist = 2 "waitlist",
        Full = 3 "full",
        AskFirst = 4 "ask_first",
    }

    /// Why a partner does not take a referral.
    DeclineReason "decline reason" {
        NoCapacity = 1 "no_capacity",
        OutsideTargetGroup = 2 "outside_target_group",
        OutsideArea = 3 "outside_area",
        Language = 4 "language",
        NeedsOtherHelp = 5 "needs_other_help",
        AlreadyKnown = 6 "already_known",
        Other = 7 "other",
        ServiceEnded = 8 "service_ended",
    }

    /// How a follow-up ended.
    OutcomeResult "outcome" {
        Helped = 1 "helped",
        PartlyHelped = 2 "partly_helped",
        NotHelped = 3 "not_helped",
    }

    /// Why it ended so. Mandatory where the carer was not, or only partly, helped.
    OutcomeReason "outcome reason" {
        RefusedHelp = 1 "refused_help",
        Unreachable = 2 "unreachable",
        NoCapacity = 3 "no_capacity",
        NoLongerNeeded = 4 "no_longer_needed",
        Moved = 5 "moved",
        Deceased = 6 "deceased",
        Other = 7 "other",
    }

    /// In which language the carer is best helped (ISO 639-1 where it has a code).
    Language "language" {
        Dutch = 1 "nl",
        French = 2 "fr",
        English = 3 "en",
        German = 4 "de",
        Turkish = 5 "tr",
        Arabic = 6 "ar",
        Polish = 7 "pl",
        Romanian = 8 "ro",
        Bulgarian = 9 "bg",
        Ukrainian = 10 "uk",
        Spanish = 11 "es",
        Italian = 12 "it",
        Other = 13 "other",
    }

    /// The carer's age, coarse enough to say nothing about who it is.
    AgeBand "age band" {
        Under18 = 1 "under_18",
        From18To25 = 2 "18_to_25",
        From26To64 = 3 "26_to_64",
        From65To79 = 4 "65_to_79",
        From80 = 5 "80_and_over",
    }

    /// In which role the reporter noticed it.
    ReporterRole "reporter role" {
        HomeCareWorker = 1 "home_care_worker",
        Cleaner = 2 "cleaner",
        Nurse = 3 "nurse",
        GeneralPractitioner = 4 "general_practitioner",
        Pharmacist = 5 "pharmacist",
        Teacher = 6 "teacher",
        SocialWorker = 7 "social_worker",
        Volunteer = 8 "volunteer",
        Neighbour = 9 "neighbour",
        Carer = 10 "carer",
        Other = 11 "other",
    }

    /// How a partner tried to reach the carer.
    ContactChannel "contact channel" {
        Phone = 1 "phone",
        Visit = 2 "visit",
        Video = 3 "video",
        Mail = 4 "mail",
        Message = 5 "message",
    }

    /// What came of the attempt.
    ContactResult "contact result" {
        Reached = 1 "reached",
        NoAnswer = 2 "no_answer",
        MessageLeft = 3 "message_left",
    }

    /// How far a signal has come, as its reporter sees it.
    Step "step" {
        Received = 1 "received",
        Assessed = 2 "assessed",
        WaitingForConsent = 3 "waiting_for_consent",
        Referred = 4 "referred",
        WithCoordinator = 5 "with_coordinator",
        Accepted = 6 "accepted",
        Contacted = 7 "contacted",
        Closed = 8 "closed",
        Confirmed = 9 "confirmed",
        Reopened = 10 "reopened",
        NotReferred = 11 "not_referred",
        Withdrawn = 12 "withdrawn",
        NotShared = 13 "not_shared",
        WaitingLonger = 14 "waiting_longer",
        Escalated = 15 "escalated",
        Erased = 16 "erased",
    }

    /// Where a referral stands.
    ReferralState "referral state" {
        Requested = 1 "requested",
        Accepted = 2 "accepted",
        Declined = 3 "declined",
        Redirected = 4 "redirected",
        Held = 5 "held",
        Expired = 6 "expired",
        Cancelled = 7 "cancelled",
        Merged = 8 "merged",
    }

    /// Where a follow-up stands.
    FollowUpState "follow-up state" {
        Open = 1 "open",
        ContactAttempted = 2 "contact_attempted",
        Contacted = 3 "contacted",
        Scheduled = 4 "scheduled",
        Seen = 5 "seen",
        Missed = 6 "missed",
        Completed = 7 "completed",
        Confirmed = 8 "confirmed",
        Reopened = 9 "reopened",
    }

    /// Why something lies with a zone's coordinator.
    ItemKind "coordinator's item" {
        NoCandidate = 1 "no_candidate",
        AllDeclined = 2 "all_declined",
        Emergency = 3 "emergency",
        Cancelled = 4 "cancelled",
        ClockBreached = 5 "clock_breached",
        Late = 6 "late",
        VitalInterest = 7 "vital_interest",
    }

    /// What a promise with a clock is about.
    ClockKind "clock" {
        Accept = 1 "accept",
        FirstContact = 2 "first_contact",
        Outcome = 3 "outcome",
        Confirmation = 4 "confirmation",
        Coordinator = 5 "coordinator",
        Held = 6 "held",
    }

    /// To whom a promise goes that was not kept in time.
    Rung "rung" {
        NextCandidate = 1 "next_candidate",
        Coordinator = 2 "coordinator",
        Council = 3 "council",
    }

    /// What two situations have in common, or what speaks against their being one.
    MatchReason "match reason" {
        SamePhone = 1 "same_phone",
        SameMail = 2 "same_mail",
        SameNationalNumber = 3 "same_national_number",
        SamePerson = 4 "same_person",
        SameNameNearby = 5 "same_name_nearby",
        OtherNationalNumber = 6 "other_national_number",
        OtherNameOrBirthYear = 7 "other_name_or_birth_year",
        SeveralSituations = 8 "several_situations",
    }

    /// Why a coordinator resolved a possible duplicate so.
    ResolutionReason "resolution reason" {
        SameCarer = 1 "same_carer",
        SameHome = 2 "same_home",
        DifferentPeople = 3 "different_people",
        TooLittleKnown = 4 "too_little_known",
        Mistake = 5 "mistake",
        Other = 6 "other",
    }

    /// Why a situation is erased: the grounds of GDPR article 17(1), (a) to (e).
    ErasureReason "erasure reason" {
        NoLongerNeeded = 1 "no_longer_needed",
        ConsentWithdrawn = 2 "consent_withdrawn",
        Objection = 3 "objection",
        Unlawful = 4 "unlawful",
        LegalObligation = 5 "legal_obligation",
    }

    /// How long a carer can keep it up if everything stays as it is: the answers of the
    /// instrument `perseverance-time`.
    PerseveranceTime "perseverance time" {
        UnderOneWeek = 1 "under_1_week",
        UnderOneMonth = 2 "under_1_month",
        OneToSixMonths = 3 "1_to_6_months",
        SixToTwelveMonths = 4 "6_to_12_months",
        OneToTwoYears = 5 "1_to_2_years",
        OverTwoYears = 6 "over_2_years",
    }

    /// How much something holds for a carer: the answers of the instrument `carerqol-7d`.
    QolLevel "quality of life level" {
        No = 1 "no",
        Some = 2 "some",
        ALot = 3 "a_lot",
    }

    /// Who did something, as a role: never a person.
    Actor "actor" {
        Reporter = 1 "reporter",
        Partner = 2 "partner",
        Coordinator = 3 "coordinator",
        Carer = 4 "carer",
        System = 5 "system",
    }
}

impl Consent {
    /// Whether a partner may learn who it is about (rule 3).
    #[must_use]
    pub const fn allows_sharing(self) -> bool {
        matches!(self, Self::Given | Self::VitalInterest)
    }

    /// Whether the carer does not want it: not that nobody asked.
    #[must_use]
    pub const fn forbids_sharing(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn)
    }
}

impl Observation {
    /// Red flags: what never waits for the system.
    #[must_use]
    pub const fn is_red_flag(self) -> bool {
        matches!(
            self,
            Self::SuspectedRoughCareOrNeglect | Self::FearOfViolence | Self::SuicidalTalk
        )
    }

    /// What tells of the cared-for person's health rather than of the carer: it is not shared while
    /// they object (docs/consent.md). Red flags are never among it, for safety is shared.
    #[must_use]
    pub const fn concerns_the_cared_for(self) -> bool {
        matches!(
            self,
            Self::BehaviourHardToBear
                | Self::HospitalDischarge
                | Self::NewDiagnosis
                | Self::OtherSuddenChange
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_both_forms() {
        for observation in Observation::ALL {
            assert_eq!(observation.code().parse(), Ok(*observation));
            assert_eq!(
                Observation::try_from(observation.number()),
                Ok(*observation)
            );
        }
        assert_eq!(Observation::ALL.len(), 27);
    }

    #[test]
    fn an_objection_hides_no_danger() {
        for observation in Observation::ALL {
            assert!(!(observation.is_red_flag() && observation.concerns_the_cared_for()));
        }
    }

    #[test]
    fn an_unknown_code_names_the_known_ones() {
        let error = "tired".parse::<Urgency>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`tired` is not a known urgency; known are: routine, soon, urgent, emergency"
        );
    }
}
