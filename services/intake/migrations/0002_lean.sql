-- One index that serves both: a step is told once, and read with the others of its situation.
alter table progress drop constraint progress_pkey;
drop index progress_by_situation;
alter table progress add primary key (situation_id, at, event_id);
