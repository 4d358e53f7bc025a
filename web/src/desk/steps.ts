import { FollowUpState as S } from '@knipperlicht/client/codes';
import type { Task } from '@knipperlicht/client/followup';

/** What can be done with a follow-up. */
export const STEPS = ['contact', 'schedule', 'visit', 'complete', 'assess', 'note', 'person', 'link', 'reopen'] as const;
export type Step = (typeof STEPS)[number];

/** Those that bring it on; the others are beside the way. */
export const FLOW: readonly Step[] = ['contact', 'schedule', 'visit', 'complete', 'reopen'];

const OPEN: readonly number[] = [S.OPEN, S.CONTACT_ATTEMPTED, S.CONTACTED, S.SCHEDULED, S.SEEN, S.MISSED, S.REOPENED];
const REACHED: readonly number[] = [S.CONTACTED, S.SCHEDULED, S.SEEN, S.MISSED];

/** What can be done where a follow-up stands. The server decides; this spares whoever works here what
 * it would refuse. While the carer does not agree, nothing can. */
export function stepsOf(task: Task | undefined): readonly Step[] {
  if (!task || task.held) return [];
  const isOpen = OPEN.includes(task.state);
  const can: Record<Step, boolean> = {
    contact: isOpen,
    schedule: REACHED.includes(task.state),
    visit: task.state === S.SCHEDULED,
    complete: isOpen,
    assess: true,
    note: true,
    person: isOpen,
    link: !isOpen,
    reopen: !isOpen,
  };
  return STEPS.filter((step) => can[step]);
}

/** What comes next by itself: the step that is offered first. */
export function nextStep(task: Task | undefined): Step | undefined {
  const can = stepsOf(task);
  if (!task || can.length === 0) return undefined;
  switch (task.state) {
    case S.OPEN:
    case S.CONTACT_ATTEMPTED:
    case S.REOPENED:
      return 'contact';
    case S.CONTACTED:
    case S.MISSED:
      return 'schedule';
    case S.SCHEDULED:
      return 'visit';
    case S.SEEN:
      return 'complete';
    default:
      return task.carerQuestion ? 'link' : undefined;
  }
}
