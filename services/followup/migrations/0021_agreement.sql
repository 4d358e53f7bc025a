-- What carers agree to, as far as they said so after their situation was opened. Merges and splits are
-- said of another situation than the one they are about, so an older word may be heard after a later
-- one.
create table agreement (
    situation_id uuid primary key,
    consent      text not null,
    -- Its place among all that was said of the situation: the highest holds.
    sequence     bigint not null,
    since        timestamptz not null
);
alter table agreement enable row level security;
alter table agreement force row level security;
create policy service_all on agreement using ((select current_setting('kl.role', true)) = 'service');

select set_config('kl.role', 'service', true);
insert into agreement (situation_id, consent, sequence, since)
    select situation_id, 'withdrawn', 0, min(withheld_at) from situation
    where withheld_at is not null group by situation_id;
alter table situation drop column withheld_at;
