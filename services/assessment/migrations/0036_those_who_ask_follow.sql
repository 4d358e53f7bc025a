-- Whoever has to do with a situation may know it by the name that it had before it became part of
-- another one: who asks by the old name is led to the new one, and who asks for everything of a
-- situation gets what stayed where it was made, in their own name. As in intake.
create policy those_who_ask_follow on merged for select using (
    (select current_setting('kl.role', true)) in ('partner', 'coordinator')
);
