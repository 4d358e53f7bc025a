import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const WEB = fileURLToPath(new URL('..', import.meta.url));
const MADE_FROM = ['src', 'public', 'packages/client/src', 'package-lock.json', 'index.html', 'vite.config.ts'];

/** What tells one build from another: a hash of what it is made from, so that the same sources give
 * the same app. */
export function buildId(): string {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    let names: string[];
    try {
      names = readdirSync(join(WEB, path)).sort();
    } catch {
      hash.update(path).update(readFileSync(join(WEB, path)));
      return;
    }
    for (const name of names) visit(join(path, name));
  };
  MADE_FROM.forEach(visit);
  return hash.digest('hex').slice(0, 12);
}

/** Beside the app: which build a server has, for an app that was kept on a phone to compare with. */
export function buildFile(build: string): Plugin {
  return {
    name: 'build-file',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'build.json', source: JSON.stringify({ build }) });
    },
  };
}
