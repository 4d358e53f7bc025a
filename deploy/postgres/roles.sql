-- The roles of the services, before `knipperlicht migrate` gives each its own schema. What a service asks for
-- when it connects (crates/access/src/database.rs) is set here as well: a pooler hands connections out without
-- passing that on.
do $$
declare
    service text;
begin
    foreach service in array array['intake', 'assessment', 'routing', 'followup', 'notification'] loop
        execute format('create role %I', 'kl_' || service);
        execute format('alter role %I set search_path = %I', 'kl_' || service, service);
        execute format('alter role %I set statement_timeout = %L', 'kl_' || service, '10s');
        execute format('alter role %I set idle_in_transaction_session_timeout = %L', 'kl_' || service, '30s');
        execute format('alter role %I set random_page_cost = 1.1', 'kl_' || service);
        execute format('alter role %I set max_parallel_workers_per_gather = 0', 'kl_' || service);
    end loop;
end $$;

-- Whoever may become each of them: one process with all services, and `knipperlicht ops`.
create role kl_all;
grant kl_intake, kl_assessment, kl_routing, kl_followup, kl_notification to kl_all;
