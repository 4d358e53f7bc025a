// Makes the code of the client package from the contracts, with the repository's own buf.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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
