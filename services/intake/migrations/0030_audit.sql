-- What holds for every service's audit log (crates/eventing/migrations/0012_audit.sql), also for
-- the one that intake had before.
create trigger audit_stands before update or delete or truncate on audit
    for each statement execute function audit_stands();
