import type { Task } from '@knipperlicht/client/followup';
import type { Referral } from '@knipperlicht/client/routing';

import type { Work } from './inbox';

/** What the part beside the list is given, and what it tells. */
export interface DetailProps extends Record<string, unknown> {
  work: Work;
  onreferral: (referral: Referral | undefined) => void;
  ontask: (task: Task | undefined) => void;
}
