import { QolLevel } from '@knipperlicht/client/codes';

/** The seven questions of CarerQol-7D, in its order, by the names of their fields. */
export const DIMENSIONS = [
  'fulfilment',
  'relationalProblems',
  'mentalHealthProblems',
  'dailyActivitiesProblems',
  'financialProblems',
  'support',
  'physicalHealthProblems',
] as const;

export type QualityOfLife = Record<(typeof DIMENSIONS)[number], number>;

export interface Answers {
  helped: 'yes' | 'no' | undefined;
  /** How long they can keep it up; 0 is not answered. */
  perseverance: number;
  quality: QualityOfLife;
  call: 'yes' | 'no' | undefined;
}

export function noAnswers(): Answers {
  const quality = Object.fromEntries(DIMENSIONS.map((one) => [one, QolLevel.UNSPECIFIED])) as QualityOfLife;
  return { helped: undefined, perseverance: 0, quality, call: undefined };
}

/** Whether it goes on: it did not help, or not enough, for they want to be called. */
export function goesOn(answers: Answers): boolean {
  return answers.helped === 'no' || answers.call === 'yes';
}

export type AnswerFault = 'helped' | 'call' | 'quality';

/** What has to be answered still: did it help, and whether to call. How they are may be left out, the
 * seven questions all together. */
export function missing(answers: Answers): AnswerFault[] {
  const given = DIMENSIONS.filter((one) => answers.quality[one] !== 0).length;
  return [
    ...(answers.helped === undefined ? (['helped'] as const) : []),
    ...(given !== 0 && given !== DIMENSIONS.length ? (['quality'] as const) : []),
    ...(answers.call === undefined ? (['call'] as const) : []),
  ];
}

/** How they are, as it is sent; nothing where nothing was said. */
export function stateOf(answers: Answers) {
  const hasQuality = DIMENSIONS.every((one) => answers.quality[one] !== 0);
  if (!hasQuality && answers.perseverance === 0) return undefined;
  return { perseverance: answers.perseverance, ...(hasQuality ? { qualityOfLife: answers.quality } : {}) };
}
