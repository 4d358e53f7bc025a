-- What is left of referrals and decisions of situations that were forgotten: that a service was asked
-- and how that ended, and that a need of a zone was not met. Nothing here leads back to a situation,
-- nor one row to another.
create table past_answer (
    past_answer_id    uuid primary key default gen_random_uuid(),
    service_id        text not null,
    state             text not null check (state in ('accepted', 'declined', 'expired')),
    -- The day, in UTC: the moment would tell which it was.
    answered_on       date not null,
    minutes_to_answer bigint not null check (minutes_to_answer >= 0)
);
create index past_answer_by_day on past_answer (answered_on);

create table past_unmet_need (
    past_unmet_need_id uuid primary key default gen_random_uuid(),
    zone               text not null,
    need               text not null,
    unmet_on           date not null
);
create index past_unmet_need_by_zone on past_unmet_need (zone, unmet_on);

do $$
declare
    guarded text;
begin
    foreach guarded in array array['past_answer', 'past_unmet_need'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format(
            'create policy of_service on %I using (current_setting(''kl.role'', true) = ''service'')', guarded
        );
    end loop;
end $$;
create policy of_coordinator on past_unmet_need for select using (
    current_setting('kl.role', true) = 'coordinator'
    and zone = any(string_to_array(current_setting('kl.zones', true), ','))
);
