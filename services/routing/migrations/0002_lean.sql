-- A decision is kept to be read whole, never searched within: as the text it was written as, it
-- costs a third.
alter table decision
    alter column inputs type json,
    alter column candidates type json,
    alter column chosen type json;

-- A new referral is open, and stands only in the lists of what is open; what has been answered
-- stands in lists of its own.
drop index referral_by_organisation;
drop index referral_by_zone;
create index referral_by_answered_organisation on referral (organisation_id, urgency_order, created_at, referral_id)
    where state not in ('requested', 'held');
create index referral_by_answered_zone on referral (zone, urgency_order, created_at, referral_id)
    where state not in ('requested', 'held');
