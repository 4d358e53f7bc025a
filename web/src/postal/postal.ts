/** What a postal code is, told without network. */
export type Postal =
  | { is: 'known'; code: string; municipality: string; zone: string }
  /** Not four digits, or not yet. */
  | { is: 'malformed' }
  /** Where other people govern care, and there are no zones. */
  | { is: 'wallonia' }
  | { is: 'unknown' };

interface Place {
  municipality: string;
  zone: string;
}

/** `code municipality zone`, tabs between them, a line each; the main municipality of a code first. */
export function placesOf(lines: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const line of lines.split('\n')) {
    const [code, municipality, zone] = line.split('\t');
    if (code && municipality && zone && !places.has(code)) places.set(code, { municipality, zone });
  }
  return places;
}

/** As the server reads it: four digits, blanks around them allowed; the regions by bpost's ranges. */
export function judge(text: string, places: ReadonlyMap<string, Place>): Postal {
  const code = text.trim();
  if (!/^[1-9]\d{3}$/.test(code)) return { is: 'malformed' };
  const place = places.get(code);
  if (place) return { is: 'known', code, ...place };
  const number = Number(code);
  const isWalloon = (number >= 1300 && number < 1500) || (number >= 4000 && number < 8000);
  return { is: isWalloon ? 'wallonia' : 'unknown' };
}

let loaded: Promise<ReadonlyMap<string, Place>> | undefined;

export function places(): Promise<ReadonlyMap<string, Place>> {
  loaded ??= import('virtual:postal-codes').then((module) => placesOf(module.default));
  return loaded;
}
