#!/bin/bash
# Run once by the image of PostgreSQL, after roles.sql: what logs in, and its password.
set -euo pipefail
psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$KL_PASSWORD" --set monitor="$KL_MONITOR_PASSWORD" <<'SQL'
alter role kl_all login password :'password';
create role kl_monitor login password :'monitor' in role pg_monitor;
SQL
