-- What recognises a carer who was flagged before, as keyed hashes, one of a kind for each signal.
create table match_key (
    signal_id uuid not null,
    kind      text not null check (kind in ('phone', 'mail', 'national_number', 'person', 'name')),
    hash      bytea not null check (length(hash) = 32),
    -- False for the first of its hash: two signals that arrive at once, neither seeing the other,
    -- cannot both be the first.
    shared    boolean not null,
    primary key (signal_id, kind)
);
create unique index match_key_first on match_key (hash) where not shared;
create index match_key_shared on match_key (hash) where shared;

-- Whether two situations are one: what a coordinator is asked, and what the answer was.
create table duplicate (
    duplicate_id    uuid primary key,
    -- The situation that was flagged first survives a merge.
    first_id        uuid not null,
    later_id        uuid not null check (later_id <> first_id),
    -- The situations that the question was asked of, where they were merged since.
    first_home_id   uuid,
    later_home_id   uuid,
    reasons         text[] not null,
    -- Of both: the coordinators of either are asked.
    zones           text[] not null,
    found_at        timestamptz not null,
    state           text not null default 'open' check (state in ('open', 'merged', 'kept_apart', 'split')),
    reason          text,
    resolved_at     timestamptz,
    -- What a merge changed, so that it can be undone.
    consent_before  text,
    merged_sequence bigint,
    check ((state = 'open') = (resolved_at is null)),
    check ((reason is null) = (resolved_at is null)),
    check (state <> 'merged' or (consent_before is not null and merged_sequence is not null))
);
-- A pair is asked about once.
create unique index duplicate_pair on duplicate (least(first_id, later_id), greatest(first_id, later_id));
create index duplicate_by_first on duplicate (first_id);
create index duplicate_by_later on duplicate (later_id);
create index duplicate_by_zone on duplicate using gin (zones) where state = 'open';

-- Where a row was made, if its situation became part of another one since.
alter table signal add column home_id uuid;
alter table progress add column home_id uuid;
alter table access_grant add column home_id uuid;

alter table match_key enable row level security;
alter table match_key force row level security;
alter table duplicate enable row level security;
alter table duplicate force row level security;

create policy service_all on match_key using (current_setting('kl.role', true) = 'service');
create policy service_all on duplicate using (current_setting('kl.role', true) = 'service');
create policy coordinator_zones on duplicate for select using (
    current_setting('kl.role', true) = 'coordinator'
    and zones && string_to_array(current_setting('kl.zones', true), ',')
);
