-- What a wave of events adds to the counters is noted in one row, and added to them a little later
-- for many waves together: a counter is written once for hundreds of signals.
create table report_tally (
    tally_id bigint generated always as identity primary key,
    -- Each addition at one place of all five.
    zones    text[] not null,
    years    smallint[] not null,
    measures text[] not null,
    codes    text[] not null,
    totals   bigint[] not null
);

alter table report_tally enable row level security;
alter table report_tally force row level security;
create policy service_all on report_tally
    using ((select current_setting('kl.role', true)) = 'service');

-- So nothing is gained any more by a row for each partition.
select set_config('kl.role', 'service', true);
create temporary table counted as
    select zone, year, measure, code, sum(total)::bigint as total from report_count group by 1, 2, 3, 4;
truncate report_count;
alter table report_count drop column slot, add primary key (zone, year, measure, code);
insert into report_count (zone, year, measure, code, total)
    select zone, year, measure, code, total from counted;
drop table counted;
