import type { Duplicate } from '@knipperlicht/client/intake';

import type { Matter } from './matters';
import type { Waiting } from './zone.svelte';

/** What each part of the zone's page is given. */
export interface PartProps extends Record<string, unknown> {
  waiting: Waiting;
  matters: readonly Matter[];
  duplicates: readonly Duplicate[];
  /** The zone that is looked at; empty for all. */
  zone: string;
}
