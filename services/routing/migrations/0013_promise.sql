-- The promise that was not kept, of an item that is about nothing but that; empty for those of before
-- this was kept.
alter table item add column promise text;
