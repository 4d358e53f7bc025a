-- Where a row was made, if its situation became part of another one since.
alter table situation add column home_id uuid;
alter table task add column home_id uuid;
alter table clock add column home_id uuid;
alter table timeline add column home_id uuid;
create index clock_by_situation on clock (situation_id);
