-- Who is told, and where. What says where, and what a webhook is signed with, is sealed under a
-- key of the subscription's own, which is destroyed when it ends.
create table subscription (
    subscription_id  uuid primary key,
    owner_kind       text not null check (owner_kind in ('organisation', 'zone', 'reporter')),
    -- The organisation, the zone, or what stands for a reporter in events.
    owner            text not null,
    -- The account that asked for it.
    subject          text not null,
    channel          text not null check (channel in ('webhook', 'mail')),
    language         text not null,
    master_key_id    text,
    wrapped_key      bytea,
    target           bytea,
    secret           bytea,
    old_secret       bytea,
    old_secret_until timestamptz,
    made_at          timestamptz not null,
    ended_at         timestamptz,
    ended_because    text check (ended_because in ('unsubscribed', 'gone')),
    check ((ended_at is null) = (target is not null and wrapped_key is not null and master_key_id is not null)),
    check ((ended_at is null) = (ended_because is null)),
    check ((old_secret is null) = (old_secret_until is null))
);
create index subscription_by_owner on subscription (owner_kind, owner);

-- Raised with every subscription that begins or ends, so that whoever listens knows of it.
create table registry (
    only_one boolean primary key default true check (only_one),
    version  bigint not null
);
insert into registry (version) values (1);

-- The line in front of one subscription: what it is for is delivered one after the other.
create table lane (
    subscription_id uuid primary key,
    -- When there is something to do; nothing as long as nothing waits.
    next_at         timestamptz,
    -- The last attempt failed: nothing is tried before.
    retry_at        timestamptz,
    failures        integer not null default 0,
    claimed_by      uuid,
    claimed_until   timestamptz
);
create index lane_due on lane (next_at) where next_at is not null;

-- One piece of news for one subscription.
create table delivery (
    -- Follows from the subscription and the event: heard twice, it is made once.
    delivery_id     uuid primary key,
    subscription_id uuid not null,
    -- The order in which it was heard.
    number          bigint generated always as identity,
    event_type      text not null,
    source          text not null,
    occurred_at     timestamptz not null,
    zone            text not null,
    -- What the receiver knows it by: a referral, a situation or a signal.
    about           uuid not null,
    urgent          boolean not null,
    state           text not null check (state in ('waiting', 'delivered', 'dead')),
    -- Since when it waits: at last so long after that, it is given up.
    queued_at       timestamptz not null,
    settled_at      timestamptz,
    traceparent     text,
    check ((state = 'waiting') = (settled_at is null))
);
create index delivery_waiting on delivery (subscription_id, number) where state = 'waiting';
create index delivery_by_subscription on delivery (subscription_id, number);
create index delivery_settled on delivery (subscription_id, settled_at) where state = 'delivered';

-- What was tried, and what came of it. Never what was said: there is nothing in it.
create table attempt (
    delivery_id uuid not null,
    number      bigint generated always as identity,
    at          timestamptz not null,
    -- An HTTP status or an SMTP reply code; 0 where none came.
    status      integer not null,
    error       text,
    primary key (delivery_id, number)
);

-- What subscribers have to do with: the situations a reporter flagged, the referrals an
-- organisation was asked. Kept only of those who have a subscription. A row stays where it was
-- made; what became one situation is looked up in `merged`.
create table concerned (
    kind             text not null check (kind in ('organisation', 'reporter')),
    whom             text not null,
    -- The referral, or the signal.
    about            uuid not null,
    situation_id     uuid not null,
    -- A reporter hears nothing of a situation in which the carer refused.
    silent           boolean not null default false,
    consent_sequence bigint not null default 0,
    primary key (kind, whom, about)
);
create index concerned_by_situation on concerned (situation_id);
create index concerned_by_about on concerned (about);

alter table subscription enable row level security;
alter table subscription force row level security;
alter table registry enable row level security;
alter table registry force row level security;
alter table lane enable row level security;
alter table lane force row level security;
alter table delivery enable row level security;
alter table delivery force row level security;
alter table attempt enable row level security;
alter table attempt force row level security;
alter table concerned enable row level security;
alter table concerned force row level security;

-- Notification itself sees everything, and alone writes. The settings stand in sub-selects so that
-- they are read once per statement, not once per row.
create policy service_all on subscription using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on registry using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on lane using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on delivery using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on attempt using ((select current_setting('kl.role', true)) = 'service');
create policy service_all on concerned using ((select current_setting('kl.role', true)) = 'service');

-- A partner sees what its organisation asked for, a coordinator what was asked for its zones, a
-- reporter what they asked for themselves.
create policy partner_own on subscription for select using (
    (select current_setting('kl.role', true)) = 'partner'
    and owner_kind = 'organisation'
    and owner = (select current_setting('kl.organisation', true))
);
create policy coordinator_zones on subscription for select using (
    (select current_setting('kl.role', true)) = 'coordinator'
    and owner_kind = 'zone'
    and owner = any((select string_to_array(current_setting('kl.zones', true), ','))::text[])
);
create policy reporter_own on subscription for select using (
    (select current_setting('kl.role', true)) = 'reporter'
    and owner_kind = 'reporter'
    and subject = (select current_setting('kl.subject', true))
);

-- Whoever sees a subscription sees its line and what was delivered. The sub-selects are
-- themselves under the policies above. `offset 0` keeps the planner from reading the whole table
-- once instead of one row by its key.
create policy with_subscription on lane for select using (
    exists (select from subscription where subscription.subscription_id = lane.subscription_id offset 0)
);
create policy with_subscription on delivery for select using (
    exists (select from subscription where subscription.subscription_id = delivery.subscription_id offset 0)
);
create policy with_delivery on attempt for select using (
    exists (select from delivery where delivery.delivery_id = attempt.delivery_id offset 0)
);
