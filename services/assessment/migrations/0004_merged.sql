-- Where a row was made, if its situation became part of another one since.
alter table assessment add column home_id uuid;
alter table response add column home_id uuid;
alter table access_grant add column home_id uuid;
