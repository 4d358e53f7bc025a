-- A situation that was forgotten. The row stays, with nothing in it, so that its reporters can be told
-- so, and so that a signal sent again is known and stays forgotten.
alter table situation add column erased_at timestamptz;

-- That a carer asked to be forgotten, until it is done.
create table erasure_request (
    situation_id uuid primary key,
    asked_at     timestamptz not null
);
alter table erasure_request enable row level security;
alter table erasure_request force row level security;
create policy service_all on erasure_request using (current_setting('kl.role', true) = 'service');
create policy coordinator_zones on erasure_request for select using (
    current_setting('kl.role', true) = 'coordinator'
    and exists (select from situation where situation.situation_id = erasure_request.situation_id)
);

-- What is looked for by its situation when that is forgotten.
create index duplicate_by_first_home on duplicate (first_home_id) where first_home_id is not null;
create index duplicate_by_later_home on duplicate (later_home_id) where later_home_id is not null;
create index carer_link_of_situation on carer_link (situation_id) where situation_id is not null;
