-- The attempt as the client numbers it: an answer that was lost is asked for again.
alter table contact add column contact_id uuid;
create unique index contact_once on contact (contact_id) where contact_id is not null;

-- Since when a follow-up that was closed is open again: attempts of before do not count any more.
alter table task add column reopened_at timestamptz;
