-- What was given up is counted and listed: among all that was ever delivered, it is little.
create index delivery_dead on delivery (subscription_id, number) where state = 'dead';
