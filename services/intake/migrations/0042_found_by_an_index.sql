-- Tables that only grow, and were looked through whole.

-- Links are cleared away when they expired, with each batch of what is over.
create index carer_link_by_expiry on carer_link (expires_at);

-- Who looked at a situation, for whoever asks what is known of them.
create index audit_by_object on audit (object);

-- A coordinator's questions, of which the answered ones are never cleared away. The policies stand
-- before any comparison of zones, so that no index of zones is ever used; in the order in which
-- questions are listed, few are looked at.
drop index duplicate_by_zone;
create index duplicate_open on duplicate (found_at, duplicate_id) where state = 'open';
create index duplicate_answered on duplicate (resolved_at desc, duplicate_id) where state <> 'open';
