-- A follow-up whose carer does not, or no longer, agree: nothing is done about it since then.
alter table task add column held_at timestamptz;
-- The same of the situation: what is accepted in the moment in which the carer withdraws is held too.
alter table situation add column withheld_at timestamptz;

-- By which hash intake knows the same link: it shows who was told, and withdraws consent.
alter table carer_link add column my_situation_hash bytea check (length(my_situation_hash) = 32);
create index carer_link_by_task on carer_link (task_id) where my_situation_hash is not null;

-- That a carer is to be asked whether it helped: from the completion until they answer, or a
-- coordinator closes the loop.
create table asking (
    task_id         uuid primary key,
    organisation_id text not null,
    zone            text not null,
    -- How often it was due.
    times           smallint not null default 0 check (times between 0 and 2),
    -- Since when it is due.
    asked_at        timestamptz,
    -- When it is due next; nothing once it was due twice.
    next_at         timestamptz,
    traceparent     text,
    check ((times = 0) = (asked_at is null)),
    check ((times < 2) = (next_at is not null))
);
create index asking_next on asking (next_at) where next_at is not null;
create index asking_by_organisation on asking (organisation_id) where times > 0;
create index asking_by_zone on asking (zone) where times > 0;

alter table asking enable row level security;
alter table asking force row level security;

create policy service_all on asking using ((select current_setting('kl.role', true)) = 'service');
create policy partner_own on asking for select using (
    (select current_setting('kl.role', true)) = 'partner'
    and organisation_id = (select current_setting('kl.organisation', true))
);
create policy coordinator_zones on asking for select using (
    (select current_setting('kl.role', true)) = 'coordinator'
    and zone = any((select string_to_array(current_setting('kl.zones', true), ','))::text[])
);
