-- Situations that became part of another one. What is heard of them is about the one that
-- survives. Written and read under one lock (crates/eventing/src/merges.rs).
create table merged (
    absorbed_id uuid primary key,
    into_id     uuid not null check (into_id <> absorbed_id),
    merged_at   timestamptz not null
);
create index merged_by_survivor on merged (into_id);
