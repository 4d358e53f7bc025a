// How much JavaScript each page needs before it works, compressed. Over the limit the build fails.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Of the design: the first load of the app, in kB of 1,000 bytes, gzipped. */
const LIMIT = 120;

const DIST = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8'));

function closure(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(key)) return seen;
  seen.add(key);
  for (const next of chunk.imports ?? []) closure(next, seen);
  return seen;
}

const sizes = new Map();
const sizeOf = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length);
  return sizes.get(file);
};
const weigh = (keys) => {
  const files = new Set([...keys].map((key) => manifest[key].file).filter((file) => file.endsWith('.js')));
  return [...files].reduce((sum, file) => sum + sizeOf(file), 0);
};

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const shared = closure(entry);
// What every page asks for by and by: its calls, and the texts of one language.
const calls = Object.keys(manifest).filter((key) => /client\/dist\/(calls|intake|routing)\.js$/.test(key));
const texts = (area) => `src/texts/nl/${area}.json`;
const routes = readFileSync(join(DIST, '../src/routes.ts'), 'utf8');
const pages = [...routes.matchAll(/path: '([^']+)'.*texts: \[([^\]]*)\].*import\('\.\/([^']+)'\)/g)];

let worst = 0;
for (const [, path, areas, file] of pages) {
  const keys = new Set(shared);
  closure(`src/${file}`, keys);
  for (const call of calls) closure(call, keys);
  for (const area of ['common', 'errors', ...[...areas.matchAll(/'(\w+)'/g)].map(([, name]) => name)]) closure(texts(area), keys);
  const size = weigh(keys) / 1000;
  worst = Math.max(worst, size);
  console.log(`${path.padEnd(18)} ${size.toFixed(1).padStart(6)} kB gzipped JavaScript`);
}
if (pages.length === 0) throw new Error('no page was found in src/routes.ts');
if (worst > LIMIT) {
  console.error(`${worst.toFixed(1)} kB: more than ${LIMIT} kB`);
  process.exit(1);
}
console.log(`at most ${worst.toFixed(1)} kB of ${LIMIT} kB`);
