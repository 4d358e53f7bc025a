import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const DATA = fileURLToPath(new URL('../../crates/zones/data/', import.meta.url));
const NAME = 'virtual:postal-codes';

/** The postal codes that hold from now on, `code municipality zone` a line: small enough to be on
 * every phone, so that a wrong one is noticed without network. */
export function postalCodes(): Plugin {
  return {
    name: 'postal-codes',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      for (const file of ['zones.csv', 'postal_codes.csv']) this.addWatchFile(DATA + file);
      const zones = new Map(rows('zones.csv').map((row) => [row['zone_id'], row['name']]));
      const open = rows('postal_codes.csv').filter((row) => row['valid_to'] === '');
      const lines = open.map((row) => [row['postal_code'], row['municipality'], zones.get(row['zone_id'])].join('\t'));
      return `export default ${JSON.stringify(lines.join('\n'))}`;
    },
  };
}

/** A file without quotes: these two have none, and a test of the zones says so. */
function rows(file: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(DATA + file, 'utf8').trim().split('\n');
  const columns = (head ?? '').split(',');
  return lines.map((line) => {
    const values = line.split(',');
    if (values.length !== columns.length) throw new Error(`${file}: not ${columns.length} columns: ${line}`);
    return Object.fromEntries(columns.map((column, at) => [column, values[at] ?? '']));
  });
}
