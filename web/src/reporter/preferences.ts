/** What spares a reporter taps the next time: what they do, and where they were. Nothing about any
 * carer. Forgotten when somebody else signs in on this phone. */
export interface Preferences {
  role: number;
  postalCodes: readonly string[];
}

const KEPT_AS = 'knipperlicht.reporter';
const MOST = 3;

export function preferences(owner: string): Preferences {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT_AS) ?? 'null') as ({ owner?: unknown } & Partial<Preferences>) | null;
    if (kept?.owner === owner) return { role: Number(kept.role) || 0, postalCodes: (kept.postalCodes ?? []).map(String).slice(0, MOST) };
  } catch {
    // What cannot be read is asked again.
  }
  return { role: 0, postalCodes: [] };
}

export function remember(owner: string, role: number, postalCode: string): void {
  const before = preferences(owner).postalCodes.filter((one) => one !== postalCode);
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify({ owner, role, postalCodes: [postalCode, ...before].slice(0, MOST) }));
  } catch {
    // A browser that keeps nothing asks again.
  }
}
