const BRUSSELS = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Brussels',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

/** What a clock on a wall in Belgium shows, as an input of a browser writes it: `2026-11-23T14:00`. */
export function onTheWall(moment: Date): string {
  return BRUSSELS.format(moment).replace(' ', 'T');
}

/** The moment at which a clock on a wall in Belgium shows that, wherever this browser is; nothing for
 * what is no such text, or an hour that the clock skips in spring. */
export function momentOf(wall: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(wall)) return undefined;
  const asUtc = Date.parse(`${wall}:00Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // Belgium is one or two hours ahead: where both fit, the clock was turned back, and the first is meant.
  const fits = [2, 1].map((ahead) => new Date(asUtc - ahead * 3_600_000)).find((moment) => onTheWall(moment) === wall);
  return fits;
}
