-- A promise is about a referral, or about a coordinator's item: a coordinator who is silent is
-- late too.
alter table clock
    alter column referral_id drop not null,
    alter column organisation_id drop not null,
    add column item_id uuid,
    -- How soon it was promised; empty for promises made before this was kept.
    add column urgency text,
    -- Since when it waits: a partner lets its referral wait.
    add column paused_at timestamptz,
    add constraint clock_about_check check ((referral_id is null) <> (item_id is null));

create unique index clock_open_of_item on clock (item_id) where stopped_at is null and item_id is not null;
-- What waits does not run out.
create index clock_running on clock (due_at)
    where breached_at is null and stopped_at is null and paused_at is null;
drop index clock_due;
