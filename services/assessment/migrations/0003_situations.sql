-- A situation is judged as a whole: every signal that stands, and the latest form of each
-- instrument. What it was judged by is kept with the judgement, so that it can be repeated, and
-- the next one goes on from there.
alter table assessment
    -- The place of this judgement among those of its situation: 1, 2, 3, ... Two writers cannot
    -- both go on from the same one.
    add column sequence bigint not null default 1,
    -- What it was made upon: signal, withdrawal or form.
    add column cause text not null default 'signal',
    -- The form, upon a form.
    add column response_id uuid,
    -- What it was judged by; none in rows before this migration, which judge one signal each:
    -- that of `signal_id`, `assessed_at` and `observations`.
    add column inputs json,
    -- The four things a carer may ask for that it speaks to.
    add column asks text[] not null default '{}',
    -- What is needed to route, as the last signal carried it (a protobuf `Circumstances`).
    add column circumstances bytea;
alter table assessment alter column observations drop not null;

update assessment set sequence = place.sequence
from (
    select assessment_id, row_number() over (partition by situation_id order by assessed_at, assessment_id) as sequence
    from assessment
) as place
where assessment.assessment_id = place.assessment_id and place.sequence > 1;
create unique index assessment_of_situation on assessment (situation_id, sequence);
drop index assessment_by_situation;

-- A form that was filled in. What was answered is health data: it stays here, and is in no event.
create table response (
    response_id        uuid primary key,
    situation_id       uuid not null,
    zone               text not null,
    instrument_id      text not null,
    instrument_version text not null,
    answered_at        timestamptz not null,
    recorded_at        timestamptz not null,
    -- The code of each answer by item; none where a total was entered.
    answers            json,
    -- In tenths, so that scores compare exactly.
    score_tenths       integer not null,
    band               text,
    overloaded         boolean not null,
    -- In which role it was sent: never who.
    sent_by_role       text not null
);
create index response_of_situation on response (situation_id, instrument_id, instrument_version, answered_at);

-- The partners that accepted a situation, for as long as the carer agrees.
create table access_grant (
    situation_id    uuid not null,
    organisation_id text not null,
    since           timestamptz not null,
    primary key (situation_id, organisation_id)
);
-- What the carer agreed to last, where that changed since the signal.
create table consent (
    situation_id uuid primary key,
    sequence     bigint not null,
    allows       boolean not null
);

alter table response enable row level security;
alter table response force row level security;
alter table access_grant enable row level security;
alter table access_grant force row level security;
alter table consent enable row level security;
alter table consent force row level security;

create policy service_all on response using (current_setting('kl.role', true) = 'service');
create policy service_all on access_grant using (current_setting('kl.role', true) = 'service');
create policy service_all on consent using (current_setting('kl.role', true) = 'service');

create policy coordinator_zone on response for select using (
    current_setting('kl.role', true) = 'coordinator'
    and zone = any (string_to_array(current_setting('kl.zones', true), ','))
);

-- A partner sees what it accepted.
create policy partner_own on access_grant for select using (
    current_setting('kl.role', true) = 'partner'
    and organisation_id = current_setting('kl.organisation', true)
);
create policy partner_reads on consent for select using (current_setting('kl.role', true) = 'partner');
create policy partner_granted on assessment for select using (
    current_setting('kl.role', true) = 'partner'
    and exists (select from access_grant g where g.situation_id = assessment.situation_id)
    and not exists (select from consent c where c.situation_id = assessment.situation_id and not c.allows)
);
create policy partner_granted on response for select using (
    current_setting('kl.role', true) = 'partner'
    and exists (select from access_grant g where g.situation_id = response.situation_id)
    and not exists (select from consent c where c.situation_id = response.situation_id and not c.allows)
);
