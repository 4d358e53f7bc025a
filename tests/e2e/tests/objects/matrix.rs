//! The matrix table x principal, as data: how rows are planted, who sees which of them, and who may
//! write there.

use knipperlicht_access::Role::{
    self, Admin, Analyst, Coordinator, LinkHolder, Operator, Partner, Reporter, Service,
};

/// Which rows somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sees {
    OwnReporter,
    OwnOrganisation,
    OwnZone,
    Everything,
}

/// Who may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    /// The service itself.
    Service,
    /// The service itself, and never but at the end.
    ServiceAppends,
    /// The service itself, and whoever keeps the directory.
    ServiceAndAdmin,
}

/// One table.
pub(crate) struct Line {
    pub(crate) table: &'static str,
    /// Who sees something of it, besides the service itself, which sees everything.
    pub(crate) sees: &'static [(Role, Sees)],
    pub(crate) writes: Writes,
    /// Plants a row or more of each case: `n`, `situation`, `zone`, `organisation`, `reporter`.
    /// Empty where its migration leaves rows in it.
    pub(crate) plant: &'static str,
}

/// The tables of one service's schema.
pub(crate) struct Schema {
    pub(crate) name: &'static str,
    pub(crate) lines: &'static [Line],
    /// What was merged: every service has it, not everybody sees the same of each.
    pub(crate) merged: Line,
}

/// Tables without policies, and why.
pub(crate) const WITHOUT: &[(&str, &str)] = &[
    (
        "reader",
        "how far the stream was read: numbers, of no situation",
    ),
    (
        "process",
        "which processes read the stream: of no situation",
    ),
    (
        "eventing_migrations",
        "belongs to whoever brings the schema up to date; the service has no right to it",
    ),
    (
        "_sqlx_migrations",
        "belongs to whoever brings the schema up to date; the service has no right to it",
    ),
];

const NOBODY: &[(Role, Sees)] = &[];
const REPORTER: &[(Role, Sees)] = &[(Reporter, Sees::OwnReporter)];
const PARTNER: &[(Role, Sees)] = &[(Partner, Sees::OwnOrganisation)];
const COORDINATOR: &[(Role, Sees)] = &[(Coordinator, Sees::OwnZone)];
const DESKS: &[(Role, Sees)] = &[
    (Partner, Sees::OwnOrganisation),
    (Coordinator, Sees::OwnZone),
];
const SUBSCRIBERS: &[(Role, Sees)] = &[
    (Reporter, Sees::OwnReporter),
    (Partner, Sees::OwnOrganisation),
    (Coordinator, Sees::OwnZone),
];
/// The directory is public: it says what partners offer, and nothing of anybody's situation.
pub(crate) const EVERYBODY: &[(Role, Sees)] = &[
    (Reporter, Sees::Everything),
    (Partner, Sees::Everything),
    (Coordinator, Sees::Everything),
    (Analyst, Sees::Everything),
    (Operator, Sees::Everything),
    (Admin, Sees::Everything),
    (Service, Sees::Everything),
    (LinkHolder, Sees::Everything),
];

const fn line(table: &'static str, sees: &'static [(Role, Sees)], plant: &'static str) -> Line {
    Line {
        table,
        sees,
        writes: Writes::Service,
        plant,
    }
}

const fn directory(table: &'static str, plant: &'static str) -> Line {
    Line {
        table,
        sees: EVERYBODY,
        writes: Writes::ServiceAndAdmin,
        plant,
    }
}

/// The tables that every service has of its own of those in `crates/eventing`; `merged` apart.
pub(crate) const EVENTING: &[Line] = &[
    line(
        "stream",
        NOBODY,
        "(situation_id, sequence) select situation, 1 from cases",
    ),
    line(
        "outbox",
        NOBODY,
        "(partition, event_id, situation_id, sequence, zone, event_type, subject_tail, body, occurred_at)
         select 0, id('event', n), situation, 1, zone, 'x', 'x', '', now() from cases",
    ),
    line(
        "inbox",
        NOBODY,
        "(source, situation_id, sequence, partition, event_id, handled_at)
         select 'intake', situation, 1, 0, id('event', n), now() from cases",
    ),
    line(
        "parked",
        NOBODY,
        "(reason, source, situation_id, sequence, subject, headers, body, error, parked_at)
         select 'failed', 'intake', situation, 1, 'x', '{}', '', 'x', now() from cases",
    ),
    line(
        "erased",
        NOBODY,
        "(situation_id, erased_at) select situation, now() from cases",
    ),
    Line {
        table: "audit",
        sees: NOBODY,
        writes: Writes::ServiceAppends,
        plant: "(number, at, subject, role, action, object, purpose, trace_id, hash)
         select n, now(), reporter, 'partner', 'contact.read', situation, 'x', '', '' from cases",
    },
];

/// Who knows a situation by the name that it had before it became part of another one looks it up
/// in their own name, and who exports it all that is one with it.
const fn merged(sees: &'static [(Role, Sees)]) -> Line {
    line(
        "merged",
        sees,
        "(absorbed_id, into_id, merged_at) select situation, id('into', n), now() from cases",
    )
}

pub(crate) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "intake",
        lines: INTAKE,
        merged: merged(&[
            (Reporter, Sees::Everything),
            (Partner, Sees::Everything),
            (Coordinator, Sees::Everything),
        ]),
    },
    Schema {
        name: "assessment",
        lines: ASSESSMENT,
        merged: merged(&[(Partner, Sees::Everything), (Coordinator, Sees::Everything)]),
    },
    Schema {
        name: "routing",
        lines: ROUTING,
        merged: merged(&[(Coordinator, Sees::Everything)]),
    },
    Schema {
        name: "followup",
        lines: FOLLOWUP,
        merged: merged(&[(Partner, Sees::Everything), (Coordinator, Sees::Everything)]),
    },
    Schema {
        name: "notification",
        lines: NOTIFICATION,
        merged: merged(NOBODY),
    },
];

const INTAKE: &[Line] = &[
    line(
        "situation",
        &[
            (Reporter, Sees::OwnReporter),
            (Coordinator, Sees::OwnZone),
        ],
        "(situation_id, zone, postal_code, language, consent, consent_sequence, opened_at)
         select situation, zone, '8400', 'nl', 'given', 1, now() from cases",
    ),
    line(
        "signal",
        REPORTER,
        "(signal_id, situation_id, reporter_id, reporter_role, observations, reported_at, received_at, content)
         select id('signal', n), situation, reporter, 'nurse', '{}', now(), now(), '' from cases",
    ),
    line(
        "progress",
        REPORTER,
        "(event_id, situation_id, step, at) select id('event', n), situation, 'assessed', now() from cases",
    ),
    line(
        "access_grant",
        PARTNER,
        "(situation_id, organisation_id, since) select situation, organisation, now() from cases",
    ),
    line(
        "data_key",
        NOBODY,
        "(situation_id, master_key_id, wrapped) select situation, 'key', '' from cases",
    ),
    line(
        "sealed",
        NOBODY,
        "(situation_id, place, sealed, sealed_at) select situation, 'carer', '', now() from cases",
    ),
    line(
        "erasure_request",
        COORDINATOR,
        "(situation_id, asked_at) select situation, now() from cases",
    ),
    line(
        "reading",
        NOBODY,
        "(home_id, audit_number, at, kind, role, organisation_id)
         select situation, n, now(), 'contact', 'partner', organisation from cases",
    ),
    line(
        "match_key",
        NOBODY,
        "(signal_id, kind, hash, shared)
         select id('signal', n), 'phone', sha256(n::text::bytea), false from cases",
    ),
    line(
        "duplicate",
        COORDINATOR,
        "(duplicate_id, first_id, later_id, reasons, zones, found_at)
         select id('duplicate', n), situation, id('later', n), '{}', array[zone, 'zone-of-the-other'], now()
         from cases",
    ),
    line(
        "seen",
        REPORTER,
        "(signal_id, step, taken_at, seen_at) select id('signal', n), 'assessed', now(), now() from cases",
    ),
    line(
        "carer_link",
        DESKS,
        "(token_hash, door, zone, organisation_id, made_at, expires_at)
         select sha256(n::text::bytea), 'self_signal', zone, organisation, now(), now() from cases",
    ),
    line(
        "card_use",
        NOBODY,
        "(token_hash, hour, used) select sha256(n::text::bytea), now(), 1 from cases",
    ),
];

const ASSESSMENT: &[Line] = &[
    line(
        "assessment",
        DESKS,
        "(assessment_id, situation_id, signal_id, zone, assessed_at, urgency, needs, weight, reasons,
          triage_version)
         select id('assessment', n), situation, id('signal', n), zone, now(), 'routine', '{}', 0, '[]', 'x'
         from cases",
    ),
    line(
        "response",
        DESKS,
        "(response_id, situation_id, zone, instrument_id, instrument_version, answered_at, recorded_at,
          score_tenths, overloaded, sent_by_role)
         select id('response', n), situation, zone, 'x', '1', now(), now(), 0, false, 'partner' from cases",
    ),
    line(
        "access_grant",
        PARTNER,
        "(situation_id, organisation_id, since) select situation, organisation, now() from cases",
    ),
    line(
        "consent",
        PARTNER,
        "(situation_id, sequence, allows) select situation, 1, true from cases",
    ),
];

const ROUTING: &[Line] = &[
    line(
        "past_answer",
        NOBODY,
        "(service_id, state, answered_on, minutes_to_answer)
         select 'x', 'accepted', current_date, 1 from cases",
    ),
    line(
        "past_unmet_need",
        COORDINATOR,
        "(zone, need, unmet_on) select zone, 'respite', current_date from cases",
    ),
    line(
        "situation",
        COORDINATOR,
        "(situation_id, zone, postal_code, language, consent, consent_sequence, needs, updated_at)
         select situation, zone, '8400', 'nl', 'given', 1, '{}', now() from cases",
    ),
    line(
        "taken_back",
        NOBODY,
        "(situation_id, signal_id, taken_at) select situation, id('signal', n), now() from cases",
    ),
    line(
        "referral",
        DESKS,
        "(referral_id, situation_id, service_id, organisation_id, zone, postal_code, language, needs, urgency,
          state, state_since, created_at, requested_at)
         select id('referral', n), situation, 'x', organisation, zone, '8400', 'nl', '{}', 'routine',
                'requested', now(), now(), now()
         from cases",
    ),
    line(
        "item",
        COORDINATOR,
        "(item_id, situation_id, kind, zone, postal_code, language, needs, urgency, opened_at)
         select id('item', n), situation, 'emergency', zone, '8400', 'nl', '{}', 'routine', now() from cases",
    ),
    line(
        "withheld",
        COORDINATOR,
        "(situation_id, zone, consent, needs, urgency, recorded_at)
         select situation, zone, 'refused', '{}', 'routine', now() from cases",
    ),
    line(
        "decision",
        COORDINATOR,
        "(situation_id, zone, decided_at, directory_version, zone_version, points_version, inputs, candidates,
          chosen, uncovered)
         select situation, zone, now(), 1, 'x', 'x', '{}', '[]', '[]', '{}' from cases",
    ),
    line(
        "needs_before",
        NOBODY,
        "(absorbed_id, survivor_id, needs, merged_needs)
         select situation, id('survivor', n), '{}', '{}' from cases",
    ),
    directory(
        "service",
        "(service_id, organisation_id, name, organisation_name, needs, languages, age_bands, is_specific,
          valid_from, synthetic)
         select 'service-' || n, organisation, 'x', 'x', '{respite}', '{nl}', '{}', false, '2026-01-01', true
         from cases",
    ),
    directory(
        "directory_version",
        "(changed_at) select now() from cases",
    ),
    directory(
        "service_version",
        "(service_id, from_version, content) select 'service-' || n, 1, '{}' from cases",
    ),
    directory(
        "ending",
        "(service_id, organisation_id, last_day) select 'service-' || n, organisation, '2027-01-01' from cases",
    ),
    line(
        "behaviour",
        EVERYBODY,
        "(service_id, answered, accepted, minutes_to_accept) select 'service-' || n, 1, 1, 1 from cases",
    ),
    line("behaviour_measured", EVERYBODY, ""),
];

const FOLLOWUP: &[Line] = &[
    line(
        "situation",
        COORDINATOR,
        "(situation_id, zone) select situation, zone from cases",
    ),
    line(
        "task",
        DESKS,
        "(task_id, situation_id, referral_id, organisation_id, zone, urgency, state, opened_at, changed_at)
         select id('task', n), situation, id('referral', n), organisation, zone, 'routine', 'open', now(), now()
         from cases",
    ),
    line(
        "contact",
        NOBODY,
        "(task_id, at, channel, result) select id('task', n), now(), 'phone', 'reached' from cases",
    ),
    line(
        "clock",
        DESKS,
        "(clock_id, kind, situation_id, referral_id, organisation_id, zone, started_at, due_at)
         select id('clock', n), 'contact', situation, id('referral', n), organisation, zone, now(), now()
         from cases",
    ),
    line(
        "timeline",
        DESKS,
        "(situation_id, at, type, codes) select situation, now(), 'x', '{}' from cases",
    ),
    line(
        "carer_link",
        NOBODY,
        "(token_hash, task_id, expires_at) select sha256(n::text::bytea), id('task', n), now() from cases",
    ),
    line(
        "asking",
        DESKS,
        "(task_id, organisation_id, zone, next_at) select id('task', n), organisation, zone, now() from cases",
    ),
    line(
        "contact_person",
        DESKS,
        "(situation_id, organisation_id, since) select situation, organisation, now() from cases",
    ),
    line(
        "report_count",
        &[(Coordinator, Sees::OwnZone), (Analyst, Sees::Everything)],
        "(zone, year, measure, code, total) select zone, 2026, 'x', n::text, 1 from cases",
    ),
    line(
        "report_tally",
        NOBODY,
        "(zones, years, measures, codes, totals)
         select array[zone], array[2026::smallint], '{x}', '{x}', array[1::bigint] from cases",
    ),
    line(
        "agreement",
        NOBODY,
        "(situation_id, consent, sequence, since) select situation, 'given', 1, now() from cases",
    ),
];

const NOTIFICATION: &[Line] = &[
    // One of an organisation, one of a zone and one of a reporter, all asked for by that reporter.
    line(
        "subscription",
        SUBSCRIBERS,
        "(subscription_id, owner_kind, owner, subject, channel, language, master_key_id, wrapped_key, target,
          made_at)
         select id(kind, n), kind,
                case kind when 'organisation' then organisation when 'zone' then zone else 'x' || reporter end,
                reporter, 'mail', 'nl', 'key', '', '', now()
         from cases cross join unnest('{organisation, zone, reporter}'::text[]) as kind",
    ),
    line(
        "lane",
        SUBSCRIBERS,
        "(subscription_id) select subscription_id from subscription",
    ),
    line(
        "delivery",
        SUBSCRIBERS,
        "(delivery_id, subscription_id, event_type, source, occurred_at, zone, about, urgent, state, queued_at)
         select subscription_id, subscription_id, 'x', 'routing', now(), 'x', subscription_id, false, 'waiting',
                now()
         from subscription",
    ),
    line(
        "attempt",
        SUBSCRIBERS,
        "(delivery_id, at, status) select delivery_id, now(), 200 from delivery",
    ),
    line("registry", NOBODY, ""),
    line(
        "concerned",
        NOBODY,
        "(kind, whom, about, situation_id) select 'organisation', organisation, id('referral', n), situation
         from cases",
    ),
];
