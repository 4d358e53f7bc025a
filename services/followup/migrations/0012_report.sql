-- What happened in a zone in a year, counted: no row leads back to a situation, so nothing here is
-- to be forgotten when one is. The slot is the partition of the situation: what handles events of
-- different partitions at once writes different rows, and neither waits nor deadlocks.
create table report_count (
    zone    text not null,
    -- The calendar year, in Belgian time.
    year    smallint not null,
    measure text not null,
    -- A code of the measure's list, or the number of a step of time.
    code    text not null,
    slot    smallint not null,
    total   bigint not null check (total > 0),
    primary key (zone, year, measure, code, slot)
) with (fillfactor = 50);

alter table report_count enable row level security;
alter table report_count force row level security;
create policy service_all on report_count
    using ((select current_setting('kl.role', true)) = 'service');
create policy coordinator_zones on report_count for select using (
    (select current_setting('kl.role', true)) = 'coordinator'
    and zone = any((select string_to_array(current_setting('kl.zones', true), ','))::text[])
);
-- An analyst sees every zone, and no table but this one.
create policy analyst_all on report_count for select using (
    (select current_setting('kl.role', true)) = 'analyst'
);
