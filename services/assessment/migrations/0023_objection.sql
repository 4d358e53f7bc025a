-- Whether the cared-for person objects that what concerns them is shared.
alter table consent add column objects boolean not null default false;
