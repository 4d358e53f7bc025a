-- Situations that were forgotten. The id is all that is left of one: what is still heard of it has no
-- effect, and what was said of it says nothing any more (crates/eventing/src/forgetting.rs).
create table erased (
    situation_id uuid primary key,
    erased_at    timestamptz not null,
    -- When nothing of it was left in what this service said, looked at once.
    wiped_at     timestamptz,
    -- And again, after whoever was at work when it was forgotten is done.
    settled_at   timestamptz
);
create index erased_open on erased (erased_at) where settled_at is null;
