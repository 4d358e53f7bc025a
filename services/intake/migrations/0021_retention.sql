-- What was opened long ago is looked at, the oldest first.
create index situation_by_age on situation (opened_at, situation_id) where erased_at is null;
