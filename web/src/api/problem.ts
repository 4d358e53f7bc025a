import { Problem } from '@knipperlicht/client';

/** What a page caught: the problem that a call failed with, or whatever else went wrong, as one. */
export function caught(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  // What is loaded when it is needed may not be there without network.
  return new Problem(thrown instanceof TypeError ? 'offline' : 'internal', '', String(thrown));
}
