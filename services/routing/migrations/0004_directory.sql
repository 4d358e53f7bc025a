-- The directory in the shape of Open Referral HSDS 3: what a decision needs stands in columns, the
-- rest of a listing in `details`.
alter table service
    -- Where the area is told by postal codes; `zones` then holds the zones they lie in.
    add column postal_codes   text[] check (cardinality(postal_codes) > 0),
    -- The last day for which the partner said it; from then on nothing is known.
    add column capacity_until date,
    -- When somebody last made sure that the listing is right.
    add column verified_on    date,
    add column details        jsonb not null default '{}';

alter table service
    add check (capacity is not null or capacity_until is null),
    add check (postal_codes is null or zones is not null);

-- To find what has lapsed.
create index service_by_lapse on service (capacity_until) where capacity_until is not null;
create index service_by_organisation on service (organisation_id, service_id);

-- What decisions read of a service, and nothing else: a new telephone number is no new version of
-- the directory. Moments are written one way, whatever the session's time zone.
create function decided_by(s service) returns jsonb language sql stable as $$
    select jsonb_build_object(
        'service_id', s.service_id, 'organisation_id', s.organisation_id, 'name', s.name,
        'organisation_name', s.organisation_name, 'url', s.url, 'needs', s.needs, 'zones', s.zones,
        'postal_codes', s.postal_codes, 'languages', s.languages, 'age_bands', s.age_bands,
        'target_group', s.target_group, 'is_specific', s.is_specific, 'capacity', s.capacity,
        'capacity_stated_at', to_char(s.capacity_stated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'valid_from', s.valid_from, 'valid_to', s.valid_to, 'synthetic', s.synthetic
    )
$$;

-- Every service as it was from one version of the directory until before another: a change writes
-- the services it changes, and any version can still be put together for a replay.
create table service_version (
    service_id    text not null,
    from_version  bigint not null,
    -- Empty as long as it holds.
    until_version bigint check (until_version > from_version),
    content       jsonb not null,
    primary key (service_id, from_version)
);

-- The present, and what is new since a version.
create index service_version_present on service_version (from_version) where until_version is null;
create index service_version_present_service on service_version (service_id) where until_version is null;

-- The versions that were kept whole until now.
insert into service_version (service_id, from_version, until_version, content)
select s.service_id, v.version, v.next, decided_by(s)
from (select version, lead(version) over (order by version) as next, services from directory_version) as v
cross join lateral jsonb_populate_recordset(null::service, v.services) as s;

-- Expand: from here on nobody reads or writes `services`; a later migration drops it.
alter table directory_version alter column services drop not null;

-- Services with a last day, so that what they were asked is moved on after it. Settled once nobody
-- who still saw the service open can be at work any more.
create table ending (
    service_id      text primary key,
    organisation_id text not null,
    last_day        date not null,
    noticed_at      timestamptz,
    settled_at      timestamptz
);

create index ending_open on ending (last_day) where settled_at is null;

insert into ending (service_id, organisation_id, last_day)
select service_id, organisation_id, valid_to from service where valid_to is not null;

do $$
declare
    guarded text;
begin
    foreach guarded in array array['service_version', 'ending'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy readable on %I for select using (true)', guarded);
        execute format(
            'create policy kept on %I using (current_setting(''kl.role'', true) in (''service'', ''admin''))', guarded
        );
    end loop;
end $$;
