-- One dated judgement, with everything needed to explain and to repeat it.
create table assessment (
    assessment_id  uuid primary key,
    situation_id   uuid not null,
    signal_id      uuid not null,
    zone           text not null,
    assessed_at    timestamptz not null,
    observations   text[] not null,
    urgency        text not null,
    needs          text[] not null,
    weight         integer not null,
    -- The lines of the triage table that led to it, as they were.
    reasons        jsonb not null,
    triage_version text not null
);
create index assessment_by_situation on assessment (situation_id, assessed_at desc);

alter table assessment enable row level security;
alter table assessment force row level security;

create policy service_all on assessment using (current_setting('kl.role', true) = 'service');
create policy coordinator_zone on assessment for select using (
    current_setting('kl.role', true) = 'coordinator'
    and zone = any (string_to_array(current_setting('kl.zones', true), ','))
);
