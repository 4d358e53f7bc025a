-- What was told of a situation is forgotten with it.
create index delivery_by_about on delivery (about);
