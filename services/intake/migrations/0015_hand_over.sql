-- An organisation that handed its follow-up over may know nothing more; that it knew is kept, for the
-- carer may see who was told.
alter table access_grant add column ended_at timestamptz;

drop policy partner_own on access_grant;
create policy partner_own on access_grant for select using (
    current_setting('kl.role', true) = 'partner'
    and organisation_id = current_setting('kl.organisation', true)
    and ended_at is null
);
