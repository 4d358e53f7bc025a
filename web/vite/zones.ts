import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const FILE = fileURLToPath(new URL('../../crates/zones/data/zones.csv', import.meta.url));
const NAME = 'virtual:zones';

/** The zones by their ids, `id name` a line: what a coordinator's zones are called on screen. */
export function zones(): Plugin {
  return {
    name: 'zones',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      this.addWatchFile(FILE);
      const [head, ...lines] = readFileSync(FILE, 'utf8').trim().split('\n');
      if (!head?.startsWith('zone_id,name,')) throw new Error('zones.csv begins otherwise than zone_id,name');
      const named = lines.map((line) => line.split(',').slice(0, 2).join('\t'));
      return `export default ${JSON.stringify(named.join('\n'))}`;
    },
  };
}
