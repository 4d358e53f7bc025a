-- What each service has written since its database was made: rows inserted, changed and deleted, and the
-- bytes of tables and indexes. Without what does not follow from events: the directory, the migrations,
-- who works on which partition and how far it read, what is measured every hour.
select schemaname as name,
       sum(n_tup_ins + n_tup_upd + n_tup_del) as rows,
       sum(pg_total_relation_size(relid)) as bytes
from pg_stat_user_tables
where n_tup_ins > 0
  and relname not in ('reader', 'process', 'registry', 'behaviour', 'behaviour_measured', '_sqlx_migrations',
                      'eventing_migrations', 'service', 'service_version', 'directory_version')
group by schemaname;

-- Events said, service by service, and signals.
select sum(n_tup_ins) as events from pg_stat_user_tables where relname = 'outbox';
select count(*) as signals from intake.signal;
