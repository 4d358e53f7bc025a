-- Where a row was made, if its situation became part of another one since.
alter table assessment add column home_id uuid;
