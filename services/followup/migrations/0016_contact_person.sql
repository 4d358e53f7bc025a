-- Who is there for a carer: one for each situation. The organisation that accepted first, then the
-- worker that it names. A worker's name is for the carer to know, and for those who help with them.
create table contact_person (
    situation_id    uuid primary key,
    -- Where it was made, if that became part of another situation since.
    home_id         uuid,
    organisation_id text not null,
    -- The worker's account; nobody yet where only the organisation is known.
    worker          text,
    name            text,
    phone           text,
    since           timestamptz not null,
    check ((worker is null) = (name is null)),
    check (phone is null or worker is not null)
);
create index contact_person_by_worker on contact_person (organisation_id, worker) where worker is not null;

alter table contact_person enable row level security;
alter table contact_person force row level security;

create policy service_all on contact_person
    using ((select current_setting('kl.role', true)) = 'service');
-- Whoever sees a follow-up of the situation.
create policy with_follow_up on contact_person for select using (
    exists (select from task where task.situation_id = contact_person.situation_id)
);
