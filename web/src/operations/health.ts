/** How a service is: it answers, it does not, or nothing is known of it. */
export type Wellness = 'well' | 'away' | 'unknown';

export const SERVICES = ['intake', 'assessment', 'routing', 'followup', 'notification'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Look {
  at: Date;
  /** How long the question took in all, in milliseconds. */
  took: number;
  services: Record<ServiceName, Wellness>;
}

/** What the gateway said of its services. */
export function wellnessOf(said: unknown): Record<ServiceName, Wellness> {
  const fields = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  const how = (name: string): Wellness => (fields[name] === true ? 'well' : fields[name] === false ? 'away' : 'unknown');
  return Object.fromEntries(SERVICES.map((name) => [name, how(name)])) as Record<ServiceName, Wellness>;
}

/** Asks the gateway how its services are. Fails where it does not answer itself. */
export async function look(): Promise<Look> {
  const began = performance.now();
  const response = await fetch('/app/health.json', { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(8_000) });
  if (!response.ok) throw new Error(`the gateway answers ${response.status}`);
  const services = wellnessOf(await response.json());
  return { at: new Date(), took: Math.round(performance.now() - began), services };
}

/** The look that is kept of each minute or so: so many are shown. */
const KEPT = 60;

export function keptWith(before: readonly Look[], next: Look): Look[] {
  return [...before, next].slice(-KEPT);
}
