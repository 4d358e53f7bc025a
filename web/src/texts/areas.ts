/** The Dutch files are the source: their keys are the keys of every language. */
import type card from './nl/card.json';
import type carer from './nl/carer.json';
import type codes from './nl/codes.json';
import type common from './nl/common.json';
import type desk from './nl/desk.json';
import type errors from './nl/errors.json';
import type flag from './nl/flag.json';
import type helplines from './nl/helplines.json';
import type objection from './nl/objection.json';
import type operations from './nl/operations.json';
import type signals from './nl/signals.json';
import type start from './nl/start.json';
import type work from './nl/work.json';
import type zone from './nl/zone.json';

/** The texts of the app, one file for each part of it. */
export interface Areas {
  card: typeof card;
  carer: typeof carer;
  codes: typeof codes;
  common: typeof common;
  desk: typeof desk;
  errors: typeof errors;
  flag: typeof flag;
  helplines: typeof helplines;
  objection: typeof objection;
  operations: typeof operations;
  signals: typeof signals;
  start: typeof start;
  work: typeof work;
  zone: typeof zone;
}

export type Area = keyof Areas;

/** A text's name: its file, a point, and its key there. */
export type TextKey = { [A in Area]: `${A}.${Extract<keyof Areas[A], string>}` }[Area];

/** What every page may say. */
export const EVERYWHERE: readonly Area[] = ['common', 'errors'];
