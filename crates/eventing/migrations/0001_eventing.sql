-- How far each situation has come in what this service says of it. The row is the lock that puts
-- the events of one situation in one line: it is taken before an event gets its place.
create table stream (
    situation_id uuid primary key,
    sequence     bigint not null check (sequence > 0)
);

-- What this service has said, written in the transaction that made it so.
create table outbox (
    position     bigint generated always as identity,
    partition    smallint not null,
    event_id     uuid not null,
    situation_id uuid not null,
    sequence     bigint not null,
    zone         text not null,
    event_type   text not null,
    subject_tail text not null,
    body         bytea not null,
    traceparent  text,
    occurred_at  timestamptz not null,
    published_at timestamptz,
    primary key (situation_id, sequence)
);

-- The relay's work list.
create index outbox_unpublished on outbox (position) where published_at is null;

-- What this service has handled. The key makes an effect happen once and in order.
create table inbox (
    source       text not null,
    situation_id uuid not null,
    sequence     bigint not null,
    partition    smallint not null,
    event_id     uuid not null,
    handled_at   timestamptz not null,
    primary key (situation_id, source, sequence)
);

-- What could not be handled yet. Later events of the same situation queue behind it.
create table parked (
    id           bigint generated always as identity primary key,
    reason       text not null check (reason in ('waiting', 'failed', 'behind', 'undecodable')),
    source       text,
    situation_id uuid,
    sequence     bigint,
    subject      text not null,
    headers      jsonb not null,
    body         bytea not null,
    error        text not null,
    attempts     integer not null default 0,
    retry_at     timestamptz,
    parked_at    timestamptz not null
);

create unique index parked_once on parked (situation_id, source, sequence) where situation_id is not null;
create index parked_due on parked (retry_at) where retry_at is not null;
