-- The transaction that changed last what the reporter of a signal is told of it. One look for all who
-- watch finds, by the snapshots it looked at, whose signals changed, whatever order transactions commit
-- in. Rows of before this column are as old as nothing that anybody waits for.
alter table signal add column changed_in bigint;
alter table signal alter column changed_in set default pg_current_xact_id()::text::bigint;
create index signal_by_change on signal (changed_in);

-- A step is never changed, only taken: it need not touch the signals that it is told to.
alter table progress add column changed_in bigint;
alter table progress alter column changed_in set default pg_current_xact_id()::text::bigint;
create index progress_by_change on progress (changed_in);
