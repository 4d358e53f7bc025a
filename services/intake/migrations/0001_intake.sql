-- One care situation. Pseudonymous: nothing here says who it is.
create table situation (
    situation_id     uuid primary key,
    zone             text not null,
    postal_code      text not null,
    language         text not null,
    age_band         text,
    consent          text not null,
    consent_sequence bigint not null,
    opened_at        timestamptz not null
);

-- One observation by one reporter. No foreign key to `situation`: both are written in one
-- transaction, and a check per row would cost more than the row.
create table signal (
    signal_id     uuid primary key,
    situation_id  uuid not null,
    reporter_id   text not null,
    reporter_role text not null,
    observations  text[] not null,
    reported_at   timestamptz not null,
    received_at   timestamptz not null,
    -- Keyed hash of what was sent: tells the same signal sent again from another under its id.
    content       bytea not null,
    withdrawn_at  timestamptz
);
create index signal_by_reporter on signal (reporter_id, received_at desc, signal_id desc);
create index signal_by_situation on signal (situation_id);

-- The steps that a situation took, for the reporters' view.
create table progress (
    event_id     uuid primary key,
    situation_id uuid not null,
    step         text not null,
    outcome      text,
    at           timestamptz not null
);
create index progress_by_situation on progress (situation_id, at);

-- Which organisation has accepted a situation, and so may ask who it is about.
create table access_grant (
    situation_id    uuid not null,
    organisation_id text not null,
    since           timestamptz not null,
    primary key (situation_id, organisation_id)
);

-- The vault: a key per situation, wrapped; and what it seals.
create table data_key (
    situation_id  uuid primary key,
    master_key_id text not null,
    wrapped       bytea not null
);
create table sealed (
    situation_id uuid not null,
    place        text not null,
    sealed       bytea not null,
    sealed_at    timestamptz not null,
    primary key (situation_id, place)
);

-- Who looked at what, and why. Each row's hash covers the one before it.
create table audit (
    number   bigint primary key,
    at       timestamptz not null,
    subject  text not null,
    role     text not null,
    action   text not null,
    object   text not null,
    purpose  text not null,
    trace_id text not null,
    hash     bytea not null
);

alter table situation enable row level security;
alter table situation force row level security;
alter table signal enable row level security;
alter table signal force row level security;
alter table progress enable row level security;
alter table progress force row level security;
alter table access_grant enable row level security;
alter table access_grant force row level security;
alter table data_key enable row level security;
alter table data_key force row level security;
alter table sealed enable row level security;
alter table sealed force row level security;
alter table audit enable row level security;
alter table audit force row level security;

-- Intake itself sees everything; a reporter its own signals and their way; a partner only that
-- it was granted a situation. What is sealed, and the audit, nobody sees but intake itself.
create policy service_all on situation using (current_setting('kl.role', true) = 'service');
create policy service_all on signal using (current_setting('kl.role', true) = 'service');
create policy service_all on progress using (current_setting('kl.role', true) = 'service');
create policy service_all on access_grant using (current_setting('kl.role', true) = 'service');
create policy service_all on data_key using (current_setting('kl.role', true) = 'service');
create policy service_all on sealed using (current_setting('kl.role', true) = 'service');
create policy service_reads on audit for select using (current_setting('kl.role', true) = 'service');
create policy service_appends on audit for insert with check (current_setting('kl.role', true) = 'service');

create policy reporter_own on signal for select using (
    current_setting('kl.role', true) = 'reporter'
    and reporter_id = current_setting('kl.subject', true)
);
create policy reporter_own on situation for select using (
    current_setting('kl.role', true) = 'reporter'
    and exists (
        select from signal
        where signal.situation_id = situation.situation_id
          and signal.reporter_id = current_setting('kl.subject', true)
    )
);
create policy reporter_own on progress for select using (
    current_setting('kl.role', true) = 'reporter'
    and exists (
        select from signal
        where signal.situation_id = progress.situation_id
          and signal.reporter_id = current_setting('kl.subject', true)
    )
);
create policy partner_own on access_grant for select using (
    current_setting('kl.role', true) = 'partner'
    and organisation_id = current_setting('kl.organisation', true)
);
