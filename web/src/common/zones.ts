import lines from 'virtual:zones';

const NAMES: ReadonlyMap<string, string> = new Map(
  lines.split('\n').map((line): [string, string] => {
    const [id, name] = line.split('\t');
    return [id ?? '', name ?? ''];
  }),
);

/** What a zone is called; its id where it is newer than this app. */
export function zoneName(id: string): string {
  return NAMES.get(id) ?? id;
}

export function allZones(): readonly string[] {
  return [...NAMES.keys()];
}
