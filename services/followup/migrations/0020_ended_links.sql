-- Since when a link that nobody used asks nothing any more, or was taken back: kept, for it opens "my
-- situation" until it is taken back there too.
alter table carer_link
    add column ended_at timestamptz,
    add check (used_at is null or ended_at is null);
drop index carer_link_unused;
create index carer_link_unused on carer_link (task_id) where used_at is null and ended_at is null;
