import { Observation as O } from '@knipperlicht/client/codes';

import type { TextKey } from '../texts/areas';

/** What can be noticed, grouped as people see it. `first` is what is seen most, and what cannot wait:
 * twelve in all. The rest opens at a tap. */
export interface Group {
  heading: TextKey;
  /** As the carer reads it. */
  self: TextKey;
  first: readonly number[];
  more: readonly number[];
}

export const GROUPS: readonly Group[] = [
  {
    heading: 'flag.group_person',
    self: 'flag.self_person',
    first: [O.EXHAUSTED, O.SLEEPS_BADLY, O.SAD_OR_HOPELESS, O.TENSE_OR_IRRITABLE],
    more: [O.PHYSICALLY_UNWELL, O.CONSTANT_WORRY, O.ISOLATED, O.GAVE_UP_OWN_LIFE],
  },
  {
    heading: 'flag.group_care',
    self: 'flag.group_care',
    first: [O.TASKS_TOO_HEAVY, O.NO_BACKUP, O.CONFLICT_AT_HOME],
    more: [O.BEHAVIOUR_HARD_TO_BEAR, O.WORK_OR_STUDY_SUFFERS, O.MONEY_WORRIES, O.LOST_IN_PAPERWORK, O.UNAWARE_OF_SUPPORT],
  },
  {
    heading: 'flag.group_says',
    self: 'flag.self_says',
    first: [O.SAYS_CANNOT_GO_ON, O.ASKS_FOR_HELP],
    more: [],
  },
  {
    heading: 'flag.group_change',
    self: 'flag.group_change',
    first: [],
    more: [O.HOSPITAL_DISCHARGE, O.NEW_DIAGNOSIS, O.OTHER_SUDDEN_CHANGE, O.BEREAVEMENT],
  },
  {
    heading: 'flag.group_who',
    self: 'flag.self_who',
    first: [],
    more: [O.YOUNG_CARER, O.PARENT_OF_CHILD_WITH_DISABILITY],
  },
  {
    heading: 'flag.group_danger',
    self: 'flag.group_danger',
    first: [O.SUICIDAL_TALK, O.FEAR_OF_VIOLENCE, O.SUSPECTED_ROUGH_CARE_OR_NEGLECT],
    more: [],
  },
];
