-- A partner reads a story for as long as it follows up in it: not while the carer does not agree.
drop policy partner_takes_part on timeline;
create policy partner_takes_part on timeline for select using (
    (select current_setting('kl.role', true)) = 'partner'
    and exists (
        select from task
        where task.situation_id = timeline.situation_id and task.held_at is null offset 0
    )
);
