-- The promise that a coordinator's item is about, where it is about one that was not kept.
alter table clock add column item_promise text;
