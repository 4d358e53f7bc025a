-- When a mailbox gets nothing but what is urgent, by the clock on the wall in Belgium; both are null
-- where there are no such hours. The defaults are those that held for every mailbox before, so that
-- they go on for what was asked for then.
alter table subscription
    add column quiet_from time default '20:00',
    add column quiet_to   time default '07:00',
    add check ((quiet_from is null) = (quiet_to is null)),
    add check (quiet_from <> quiet_to);
