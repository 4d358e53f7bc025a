import type { Backlog } from '@knipperlicht/client/operations';

import { assessment, followup, intake, notification, routing } from '../api/calls';
import { SERVICES, type ServiceName } from './health';

/** How far each service is behind; nothing of one that could not be asked. */
export type Backlogs = Partial<Record<ServiceName, Backlog>>;

const CALLS = { intake, assessment, routing, followup, notification } as const;

/** Asks each service. Whoever does not answer is left out: how it is, is told elsewhere on the page. */
export async function backlogs(): Promise<Backlogs> {
  const asked = SERVICES.map(async (name) => {
    const service = await CALLS[name]();
    const { backlog } = await service.getBacklog({});
    return [name, backlog] as const;
  });
  const told = await Promise.allSettled(asked);
  return Object.fromEntries(told.flatMap((one) => (one.status === 'fulfilled' && one.value[1] ? [one.value] : [])));
}

/** The numbers of partitions, short: all sixteen of them say nothing about where to look. */
export function partitionsText(partitions: readonly number[]): string {
  return partitions.length === 16 ? '' : partitions.join(', ');
}

/** Where a trace is looked at, below the address of all of them. */
export function traceAddress(traces: string, id: string): string {
  return `${traces.replace(/\/+$/, '')}/trace/${id}`;
}
