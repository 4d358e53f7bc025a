-- Kept to be read whole, never searched within: as text it costs a third.
alter table assessment alter column reasons type json;
