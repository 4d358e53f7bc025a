-- When consent last changed, if it did since the situation was opened.
alter table situation add column consent_at timestamptz;

-- That the app showed a step to the reporter of a signal: the first time only.
create table seen (
    signal_id uuid not null,
    step      text not null,
    -- When the step was taken: `closed` may be told twice.
    taken_at  timestamptz not null,
    seen_at   timestamptz not null,
    primary key (signal_id, step, taken_at)
);

-- Links for carers without an account. The token itself is nowhere, only its SHA-256 at this door.
-- A link to a situation that became part of another one opens that one.
create table carer_link (
    token_hash      bytea primary key check (length(token_hash) = 32),
    door            text not null check (door in ('my_situation', 'self_signal')),
    situation_id    uuid,
    -- Whose card it is.
    zone            text,
    organisation_id text,
    made_at         timestamptz not null,
    expires_at      timestamptz not null,
    revoked_at      timestamptz,
    check ((door = 'my_situation') = (situation_id is not null)),
    check ((door = 'self_signal') = (zone is not null or organisation_id is not null))
);
create index carer_link_by_situation on carer_link (situation_id) where revoked_at is null;

-- How often a card was used in an hour.
create table card_use (
    token_hash bytea not null,
    hour       timestamptz not null,
    used       integer not null,
    primary key (token_hash, hour)
);

alter table seen enable row level security;
alter table seen force row level security;
alter table carer_link enable row level security;
alter table carer_link force row level security;
alter table card_use enable row level security;
alter table card_use force row level security;

create policy service_all on seen using (current_setting('kl.role', true) = 'service');
create policy service_all on carer_link using (current_setting('kl.role', true) = 'service');
create policy service_all on card_use using (current_setting('kl.role', true) = 'service');
create policy reporter_own on seen for select using (
    current_setting('kl.role', true) = 'reporter'
    and exists (
        select from signal
        where signal.signal_id = seen.signal_id
          and signal.reporter_id = current_setting('kl.subject', true)
    )
);
-- A coordinator sees that there is a situation in one of its zones: nothing there says who it is.
create policy coordinator_zones on situation for select using (
    current_setting('kl.role', true) = 'coordinator'
    and zone = any(string_to_array(current_setting('kl.zones', true), ','))
);
-- Whoever owns a card may take it back.
create policy partner_own on carer_link for select using (
    current_setting('kl.role', true) = 'partner' and door = 'self_signal'
    and organisation_id = current_setting('kl.organisation', true)
);
create policy coordinator_zones on carer_link for select using (
    current_setting('kl.role', true) = 'coordinator' and door = 'self_signal'
    and zone = any(string_to_array(current_setting('kl.zones', true), ','))
);
