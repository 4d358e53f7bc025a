-- What is said, heard and set aside is about situations, and for the service itself alone: in whatever
-- name a transaction is open, nobody else reads or writes it.
do $$
declare
    guarded text;
begin
    foreach guarded in array array['stream', 'outbox', 'inbox', 'parked', 'merged', 'erased'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format(
            'create policy service_all on %I using ((select current_setting(''kl.role'', true)) = ''service'')',
            guarded
        );
    end loop;
end $$;
