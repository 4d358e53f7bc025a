-- Whether an organisation has nothing to do with a situation any more by this referral: it declined or
-- was silent, the referral was sent on or taken back, or the follow-up was handed over. It is told no
-- change of that situation any more, but that it is forgotten (GDPR article 19).
alter table concerned add column ended boolean not null default false;
