-- Whether the cared-for person objects that what concerns them is shared.
alter table agreement add column objects boolean not null default false;
