-- What is over is cleared away by when it ended.
create index delivery_over on delivery (state, settled_at) where settled_at is not null;
