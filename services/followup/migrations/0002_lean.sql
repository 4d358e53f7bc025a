-- Kept to be read whole, never searched within: as text it costs a third.
alter table timeline alter column codes type json;
