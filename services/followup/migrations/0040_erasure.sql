-- The links of a follow-up, also those that were used or ended: they are forgotten with it.
create index carer_link_of_task on carer_link (task_id);
drop index carer_link_by_task;
