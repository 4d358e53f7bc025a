-- The audit log: who did what to what, and why. Each row's hash covers the one before it, and no
-- row is ever changed or removed. Intake had made its own before every service got one.
create function audit_stands() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only ever added to' using errcode = 'insufficient_privilege';
end $$;

do $$ begin
    if current_schema() = 'intake' then
        return;
    end if;
    create table audit (
        number   bigint primary key,
        at       timestamptz not null,
        subject  text not null,
        role     text not null,
        action   text not null,
        object   text not null,
        purpose  text not null,
        trace_id text not null,
        hash     bytea not null
    );
    alter table audit enable row level security;
    alter table audit force row level security;
    create policy service_reads on audit for select using (current_setting('kl.role', true) = 'service');
    create policy service_appends on audit for insert with check (current_setting('kl.role', true) = 'service');
    create trigger audit_stands before update or delete or truncate on audit
        for each statement execute function audit_stands();
end $$;
