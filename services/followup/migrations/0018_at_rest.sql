-- Whether the carer was asked and kept silent, and a coordinator let it rest.
alter table task
    add column at_rest boolean not null default false,
    add check (not at_rest or state = 'completed');

-- The loops that were closed so until now: nothing runs for them.
select set_config('kl.role', 'service', true);
update task set at_rest = true
    where state = 'completed' and held_at is null and not exists (
        select from clock where clock.referral_id = task.referral_id and clock.stopped_at is null
    );
