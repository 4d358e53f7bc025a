-- What is needed to route a situation. The row is also the lock that puts all changes of one
-- situation in one line: it is taken before anything else of the situation is read to be changed.
create table situation (
    situation_id     uuid primary key,
    zone             text not null,
    postal_code      text not null,
    language         text not null,
    age_band         text,
    consent          text not null,
    consent_sequence bigint not null,
    urgency          text,
    needs            text[] not null,
    updated_at       timestamptz not null
);

-- Signals that were taken back, also before their assessment arrived.
create table taken_back (
    situation_id uuid not null,
    signal_id    uuid not null,
    taken_at     timestamptz not null,
    primary key (situation_id, signal_id)
);

-- Requests to partners' services. No foreign keys to `situation`: both are written by the same
-- transaction of the same service, and the check would cost a lock per row on the busiest path.
create table referral (
    referral_id     uuid primary key,
    situation_id    uuid not null,
    previous_id     uuid,
    service_id      text not null,
    organisation_id text not null,
    zone            text not null,
    postal_code     text not null,
    language        text not null,
    age_band        text,
    needs           text[] not null,
    urgency         text not null check (urgency in ('routine', 'soon', 'urgent', 'emergency')),
    -- The most urgent first, so that a list is one ascending walk along an index.
    urgency_order   smallint not null generated always as (
        case urgency when 'emergency' then 1 when 'urgent' then 2 when 'soon' then 3 else 4 end
    ) stored,
    state           text not null check (
        state in ('requested', 'accepted', 'declined', 'redirected', 'held', 'expired', 'cancelled')
    ),
    waits_for       text check (waits_for in ('consent', 'partner')),
    decline_reason  text,
    state_since     timestamptz not null,
    created_at      timestamptz not null,
    -- Empty as long as no partner was shown it.
    requested_at    timestamptz,
    followed_up     boolean not null default false,
    -- The transaction that changed it last: those who watch find, by the snapshots they looked
    -- at, exactly what they have not seen, whatever order transactions commit in.
    changed_in      bigint not null default pg_current_xact_id()::text::bigint,
    check ((state = 'held') = (waits_for is not null)),
    check ((state = 'declined') = (decline_reason is not null)),
    check (requested_at is not null or state in ('held', 'cancelled'))
);

create index referral_by_situation on referral (situation_id);
create index referral_by_open_organisation on referral (organisation_id, urgency_order, created_at, referral_id)
    where state in ('requested', 'held');
create index referral_by_open_zone on referral (zone, urgency_order, created_at, referral_id)
    where state in ('requested', 'held');
create index referral_by_organisation on referral (organisation_id, urgency_order, created_at, referral_id);
create index referral_by_zone on referral (zone, urgency_order, created_at, referral_id);
create index referral_by_change on referral (changed_in);

-- What lies with the coordinators.
create table item (
    item_id       uuid primary key,
    situation_id  uuid not null,
    referral_id   uuid,
    kind          text not null check (
        kind in ('no_candidate', 'all_declined', 'emergency', 'cancelled', 'clock_breached')
    ),
    zone          text not null,
    postal_code   text not null,
    language      text not null,
    age_band      text,
    needs         text[] not null,
    urgency       text not null,
    urgency_order smallint not null generated always as (
        case urgency when 'emergency' then 1 when 'urgent' then 2 when 'soon' then 3 else 4 end
    ) stored,
    opened_at     timestamptz not null,
    closed_at     timestamptz
);

create index item_by_situation on item (situation_id) where closed_at is null;
create index item_by_zone on item (zone, urgency_order, opened_at) where closed_at is null;

-- Why no referral is made, while that holds and afterwards.
create table withheld (
    situation_id uuid primary key,
    zone         text not null,
    consent      text not null,
    needs        text[] not null,
    urgency      text not null,
    recorded_at  timestamptz not null,
    lifted_at    timestamptz
);

-- Every decision with all it was based on, so that it can be explained and replayed (rule 4).
create table decision (
    position          bigint generated always as identity primary key,
    situation_id      uuid not null,
    zone              text not null,
    decided_at        timestamptz not null,
    directory_version bigint not null,
    zone_version      text not null,
    points_version    text not null,
    inputs            jsonb not null,
    candidates        jsonb not null,
    chosen            jsonb not null,
    uncovered         text[] not null,
    runner_up         text
);

create index decision_by_situation on decision (situation_id);

-- The directory: what partners offer.
create table service (
    service_id         text primary key,
    organisation_id    text not null,
    name               text not null,
    organisation_name  text not null,
    url                text,
    needs              text[] not null check (cardinality(needs) > 0),
    -- Empty means all of Flanders and Brussels.
    zones              text[] check (cardinality(zones) > 0),
    languages          text[] not null check (cardinality(languages) > 0),
    -- No bands means every age.
    age_bands          text[] not null,
    target_group       text,
    is_specific        boolean not null,
    capacity           text check (capacity in ('available', 'waitlist', 'full', 'ask_first')),
    capacity_stated_at timestamptz,
    valid_from         date not null,
    valid_to           date,
    synthetic          boolean not null,
    check ((capacity is null) = (capacity_stated_at is null))
);

-- Every version of the directory, whole, so that a decision replays from the one it names.
create table directory_version (
    version    bigint generated always as identity primary key,
    changed_at timestamptz not null,
    services   jsonb not null
);

-- Who sees what. A call reads in its caller's name and writes in the service's.
do $$
declare
    guarded text;
begin
    foreach guarded in array array['situation', 'taken_back', 'referral', 'item', 'withheld', 'decision'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format(
            'create policy of_service on %I using (current_setting(''kl.role'', true) = ''service'')', guarded
        );
    end loop;
    foreach guarded in array array['situation', 'referral', 'item', 'withheld', 'decision'] loop
        execute format(
            'create policy of_coordinator on %I for select using (
                current_setting(''kl.role'', true) = ''coordinator''
                and zone = any(string_to_array(current_setting(''kl.zones'', true), '',''))
            )', guarded
        );
    end loop;
    foreach guarded in array array['service', 'directory_version'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy readable on %I for select using (true)', guarded);
        execute format(
            'create policy kept on %I using (current_setting(''kl.role'', true) in (''service'', ''admin''))', guarded
        );
    end loop;
end $$;

-- A partner sees what its own services were asked, once they were asked (rule 3).
create policy of_partner on referral for select using (
    current_setting('kl.role', true) = 'partner'
    and organisation_id = current_setting('kl.organisation', true)
    and requested_at is not null
);
