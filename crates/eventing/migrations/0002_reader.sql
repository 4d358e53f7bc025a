-- How far this service has read the stream, per partition, moved in the transaction that handled
-- what was read. A message's number only means something in the stream it was counted in.
create table reader (
    partition  smallint primary key,
    -- When the stream was made: nanoseconds since 1970.
    stream     bigint not null default 0,
    -- The number of the last message that was read.
    place      bigint not null default 0,
    -- Which process reads on, as long as it is alive.
    process_id uuid
) with (fillfactor = 20);

insert into reader (partition) select generate_series(0, 15);

-- The processes that read for this service.
create table process (
    process_id  uuid primary key,
    alive_until timestamptz not null
);
