-- Which zones have had to do with a situation. A situation that moves on keeps its history: the
-- coordinators of every zone it passed see the whole story.
create table situation (
    situation_id uuid not null,
    zone         text not null,
    primary key (situation_id, zone)
);

-- The follow-up of one accepted referral.
create table task (
    task_id         uuid primary key,
    situation_id    uuid not null,
    referral_id     uuid not null unique,
    organisation_id text not null,
    zone            text not null,
    urgency         text not null,
    state           text not null,
    visit_at        timestamptz,
    result          text,
    reason          text,
    late            boolean,
    opened_at       timestamptz not null,
    changed_at      timestamptz not null,
    check ((state = 'scheduled') = (visit_at is not null)),
    check ((state in ('completed', 'confirmed')) = (result is not null)),
    check ((result is null) = (late is null)),
    check (reason is not null or coalesce(result, 'helped') = 'helped')
);
create index task_by_organisation on task (organisation_id, state);
create index task_by_zone on task (zone, state);
create index task_by_situation on task (situation_id);

-- Attempts to reach the carer. Numbered: two may fall in one microsecond.
create table contact (
    task_id uuid not null,
    number  bigint generated always as identity,
    at      timestamptz not null,
    channel text not null,
    result  text not null,
    primary key (task_id, number)
);

-- A promise with a moment to keep it. It runs until it is breached, and weighs on the loop until
-- it is stopped: a promise that was broken is still one to keep.
create table clock (
    clock_id        uuid primary key,
    kind            text not null,
    situation_id    uuid not null,
    referral_id     uuid not null,
    organisation_id text not null,
    zone            text not null,
    started_at      timestamptz not null,
    due_at          timestamptz not null,
    breached_at     timestamptz,
    stopped_at      timestamptz,
    -- The trace that started it: a breach is part of the same story.
    traceparent     text
);
-- A promise is made once at a time, whatever is heard twice.
create unique index clock_open on clock (referral_id, kind) where stopped_at is null;
create index clock_open_by_zone on clock (zone, due_at) where stopped_at is null;
create index clock_due on clock (due_at) where breached_at is null and stopped_at is null;

-- One situation's story: a row for every event of any service.
create table timeline (
    situation_id uuid not null,
    number       bigint generated always as identity,
    at           timestamptz not null,
    type         text not null,
    codes        jsonb not null,
    trace_id     text,
    primary key (situation_id, number)
);

-- Links for carers without an account. The token itself is nowhere, only its SHA-256.
create table carer_link (
    token_hash bytea primary key check (length(token_hash) = 32),
    task_id    uuid not null,
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index carer_link_unused on carer_link (task_id) where used_at is null;

alter table situation enable row level security;
alter table situation force row level security;
alter table task enable row level security;
alter table task force row level security;
alter table contact enable row level security;
alter table contact force row level security;
alter table clock enable row level security;
alter table clock force row level security;
alter table timeline enable row level security;
alter table timeline force row level security;
alter table carer_link enable row level security;
alter table carer_link force row level security;

-- Follow-up itself sees everything, and alone writes. The settings stand in sub-selects so that
-- they are read once per statement, not once per row.
create policy service_all on situation using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on task using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on contact using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on clock using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on timeline using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on carer_link using ((select current_setting('kl.role', true)) = 'service');

-- A partner sees what its organisation follows up.
create policy partner_own on task for select using (
    (select current_setting('kl.role', true)) = 'partner'
    and organisation_id = (select current_setting('kl.organisation', true))
);
create policy partner_own on clock for select using (
    (select current_setting('kl.role', true)) = 'partner'
    and organisation_id = (select current_setting('kl.organisation', true))
);

-- A coordinator sees its zones.
create policy coordinator_zones on situation for select using (
    (select current_setting('kl.role', true)) = 'coordinator'
    and zone = any((select string_to_array(current_setting('kl.zones', true), ','))::text[])
);
create policy coordinator_zones on task for select using (
    (select current_setting('kl.role', true)) = 'coordinator'
    and zone = any((select string_to_array(current_setting('kl.zones', true), ','))::text[])
);
create policy coordinator_zones on clock for select using (
    (select current_setting('kl.role', true)) = 'coordinator'
    and zone = any((select string_to_array(current_setting('kl.zones', true), ','))::text[])
);

-- Whoever sees a follow-up may lock its row, to decide on what stands there; `check (false)`
-- leaves the writing to follow-up itself.
create policy caller_locks on task for update using (
    ((select current_setting('kl.role', true)) = 'partner'
     and organisation_id = (select current_setting('kl.organisation', true)))
    or ((select current_setting('kl.role', true)) = 'coordinator'
        and zone = any((select string_to_array(current_setting('kl.zones', true), ','))::text[]))
) with check (false);

-- A story is seen by the partners that follow up in it and by the coordinators of its zones. The
-- sub-selects are themselves under the policies above. `offset 0` keeps the planner from reading
-- the whole table once instead of one situation by its index.
create policy partner_takes_part on timeline for select using (
    (select current_setting('kl.role', true)) = 'partner'
    and exists (select from task where task.situation_id = timeline.situation_id offset 0)
);
create policy coordinator_zones on timeline for select using (
    (select current_setting('kl.role', true)) = 'coordinator'
    and exists (
        select from situation where situation.situation_id = timeline.situation_id offset 0
    )
);
