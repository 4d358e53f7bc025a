-- A referral gives way when its situation and another one turn out to be one, in which somebody is
-- asked for the same. `waits_for` keeps how it stood, for it comes back if they are split.
alter table referral
    drop constraint referral_state_check,
    drop constraint referral_check,
    drop constraint referral_check2,
    add constraint referral_state_check check (
        state in ('requested', 'accepted', 'declined', 'redirected', 'held', 'expired', 'cancelled', 'merged')
    ),
    add constraint referral_waits_check check (
        case state when 'held' then waits_for is not null when 'merged' then true else waits_for is null end
    ),
    add constraint referral_requested_check check (
        requested_at is not null or state in ('held', 'cancelled', 'merged')
    );

-- Where a row was made, if its situation became part of another one since; and the situation
-- whose merge made it give way.
alter table referral add column home_id uuid, add column gave_way_to uuid;
alter table item add column home_id uuid, add column gave_way_to uuid;
alter table decision add column home_id uuid;
alter table taken_back add column home_id uuid;

create index referral_that_gave_way on referral (gave_way_to) where gave_way_to is not null;
create index item_that_gave_way on item (gave_way_to) where gave_way_to is not null;

-- What a survivor needed before another situation became part of it, and what it needed then.
create table needs_before (
    absorbed_id    uuid primary key,
    survivor_id    uuid not null,
    urgency        text,
    needs          text[] not null,
    merged_urgency text,
    merged_needs   text[] not null
);

alter table needs_before enable row level security;
alter table needs_before force row level security;
create policy of_service on needs_before using (current_setting('kl.role', true) = 'service');
