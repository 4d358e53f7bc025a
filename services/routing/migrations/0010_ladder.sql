-- An item may be about nothing but a delay, and lies with the zone's council once the coordinator
-- was silent for too long.
alter table item
    drop constraint item_kind_check,
    add constraint item_kind_check check (
        kind in ('no_candidate', 'all_declined', 'emergency', 'cancelled', 'clock_breached', 'late')
    ),
    add column escalated_at timestamptz;
