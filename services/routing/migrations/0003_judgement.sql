-- How services behaved when they were asked, measured from time to time over the last days
-- (`data/points`). A decision keeps what it was told of it, so only the latest is kept here.
create table behaviour (
    service_id        text primary key,
    answered          integer not null check (answered >= 0),
    accepted          integer not null check (accepted between 0 and answered),
    minutes_to_accept bigint not null check (minutes_to_accept >= 0)
);

-- When that was: one row. Whoever moves it measures.
create table behaviour_measured (
    only_one    boolean primary key default true check (only_one),
    measured_at timestamptz
);
insert into behaviour_measured (measured_at) values (null);

-- What was answered since a day, without looking at the rows. A new referral does not stand in it.
create index referral_by_answer on referral (state_since) include (service_id, state, requested_at, decline_reason)
    where state in ('accepted', 'declined', 'expired');

-- The needs of a zone that nobody could be asked for.
create index decision_by_unmet on decision (zone, decided_at) where uncovered <> '{}';

do $$
declare
    guarded text;
begin
    foreach guarded in array array['behaviour', 'behaviour_measured'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy readable on %I for select using (true)', guarded);
        execute format(
            'create policy of_service on %I using (current_setting(''kl.role'', true) = ''service'')', guarded
        );
    end loop;
end $$;
