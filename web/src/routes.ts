import type { Component } from 'svelte';

import { match, type Parameters, type Pattern } from './router/match';
import type { Area } from './texts/areas';
import type { Role } from './session/who';

/** A page takes what its path holds, or does not care. */
export type Page = Component<{ parameters: Parameters }> | Component<Record<string, never>>;

/** A page, loaded when somebody goes there. */
export interface Route {
  path: Pattern;
  /** Who has something to do there; everybody where it is not said. */
  roles?: readonly Role[];
  /** What it says, besides what every page needs. */
  texts: readonly Area[];
  /** A page without the app's header: a carer's, who has no account. */
  bare?: boolean;
  load: () => Promise<{ default: Page }>;
}

export const ROUTES: readonly Route[] = [
  { path: '/', texts: ['start'], load: () => import('./start/Start.svelte') },
  { path: '/signed-in', texts: ['start'], load: () => import('./start/SignedIn.svelte') },
  { path: '/flag', roles: ['reporter'], texts: ['codes', 'flag', 'helplines'], load: () => import('./reporter/Flag.svelte') },
  { path: '/flag/:id', roles: ['reporter'], texts: ['codes', 'flag', 'helplines'], load: () => import('./reporter/Flag.svelte') },
  { path: '/signals', roles: ['reporter'], texts: ['codes', 'signals'], load: () => import('./reporter/Signals.svelte') },
  { path: '/signals/:id', roles: ['reporter'], texts: ['codes', 'signals', 'flag', 'helplines', 'objection'], load: () => import('./reporter/Story.svelte') },
  { path: '/card', roles: ['reporter', 'partner', 'coordinator'], texts: ['card'], load: () => import('./reporter/InformationCard.svelte') },
  { path: '/desk/*', roles: ['partner'], texts: ['codes', 'work', 'desk', 'objection'], load: () => import('./desk/Desk.svelte') },
  { path: '/zone/*', roles: ['coordinator', 'analyst'], texts: ['codes', 'work', 'zone', 'objection'], load: () => import('./zone/Zone.svelte') },
  { path: '/operations', roles: ['operator', 'admin'], texts: ['operations'], load: () => import('./operations/Operations.svelte') },
  { path: '/answer_outcome', texts: ['codes', 'carer'], bare: true, load: () => import('./carer/Answer.svelte') },
  { path: '/my_situation', texts: ['codes', 'carer'], bare: true, load: () => import('./carer/MySituation.svelte') },
  { path: '/self_signal', texts: ['codes', 'flag', 'carer', 'helplines'], bare: true, load: () => import('./carer/SelfSignal.svelte') },
];

/** The page at a path. */
export function routeOf(path: string): { route: Route; parameters: Parameters } | undefined {
  for (const route of ROUTES) {
    const parameters = match(route.path, path);
    if (parameters) return { route, parameters };
  }
  return undefined;
}

/** Where a role begins its day. */
export function homeOf(role: Role): string {
  switch (role) {
    case 'reporter':
      return '/flag';
    case 'partner':
      return '/desk';
    case 'coordinator':
    case 'analyst':
      return '/zone';
    case 'operator':
    case 'admin':
      return '/operations';
  }
}
