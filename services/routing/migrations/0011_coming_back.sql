-- What may come back is looked for by its situation: `gave_way_to` only says that it may.
drop index referral_that_gave_way;
drop index item_that_gave_way;
