// Makes the code of the client package from the contracts, with the repository's own buf.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const repository = dirname(web);
const own = join(repository, '.knipperlicht/tools/bin');

function find() {
  const places = [own, ...(process.env.PATH ?? '').split(delimiter)];
  return places.map((place) => resolve(place, 'buf')).find((file) => existsSync(file));
}

if (!find()) {
  execFileSync('python3', [join(repository, 'deploy/tools/ensure.py'), 'web'], { stdio: 'inherit' });
}
const buf = find();
if (!buf) {
  console.error('buf is not there: `python3 deploy/tools/ensure.py web` fetches it');
  process.exit(1);
}
execFileSync(buf, ['generate'], { cwd: web, stdio: 'inherit' });

// The codes alone once more, without what describes them to a call: a page that only compares codes is
// small without it.
const made = join(web, 'packages/client/src/gen');
const described = readFileSync(join(made, 'knipperlicht/vocabulary/v1/codes_pb.ts'), 'utf8');
const codes = described.match(/^export enum \w+ \{.*?^\}\n/gms);
if (!codes) throw new Error('codes_pb.ts holds no codes');
writeFileSync(join(made, 'codes.ts'), codes.join('\n'));
