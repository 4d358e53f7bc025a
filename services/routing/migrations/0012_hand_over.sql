-- The accepted referral whose follow-up its partner wants to hand over to this one.
alter table referral add column takes_over_id uuid;
