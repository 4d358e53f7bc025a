import type { Problem, ProblemKind } from '@knipperlicht/client';

import { maybe, t, type TextKey } from '../texts/index.svelte';

const BY_KIND: Record<ProblemKind, TextKey> = {
  offline: 'errors.offline',
  timeout: 'errors.timeout',
  sign_in: 'errors.sign_in',
  forbidden: 'errors.forbidden',
  not_found: 'errors.not_found',
  invalid: 'errors.invalid',
  conflict: 'errors.conflict',
  busy: 'errors.busy',
  stale: 'errors.stale',
  internal: 'errors.internal',
};

/** What went wrong and what to do, in plain words: of its code where there are some, or else of its
 * kind. Never the server's own sentence, which is for whoever builds on it. */
export function problemText(problem: Pick<Problem, 'code' | 'kind'>): string {
  return codeText(problem.code) ?? t(BY_KIND[problem.kind]);
}

export function codeText(code: string): string | undefined {
  return code === '' ? undefined : maybe(`errors.${code}`);
}
