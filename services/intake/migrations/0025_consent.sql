-- Whether the cared-for person objects that what concerns them is shared. Counts by the same number as
-- consent.
alter table situation add column cared_for_objects boolean not null default false;

-- What held for the survivor before a merge.
alter table duplicate add column objects_before boolean;

-- What the audit log tells of readings, for the carer: one row for each signal whose secrets were
-- shown, at the situation it would open by itself. So a merge and its undoing move nothing, and each
-- carer sees who looked at what was said of them.
create table reading (
    home_id         uuid not null,
    -- The row of the audit log.
    audit_number    bigint not null,
    at              timestamptz not null,
    kind            text not null check (kind in ('contact', 'vital_interest', 'note_added')),
    role            text not null check (role in ('partner', 'coordinator')),
    organisation_id text,
    zone            text,
    primary key (home_id, audit_number),
    check ((role = 'partner') = (organisation_id is not null)),
    check ((role = 'coordinator') = (zone is not null))
);

alter table reading enable row level security;
alter table reading force row level security;
create policy service_all on reading using (current_setting('kl.role', true) = 'service');

