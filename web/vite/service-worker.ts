import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const WEB = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(WEB, 'dist');
const KEPT = /\.(js|css|html|svg|png|webmanifest)$/;
/** Of no use without network: the desks, and what is for whoever builds on the gateway. */
const NOT_KEPT = [/^api-docs\//, /^assets\/(desk|zone|operations)-/i];
/** Named by what is in them, so they need no other mark. */
const HASHED = /^assets\//;

/** A service worker, made once the app is: it is told which files to keep on the phone. A build of its
 * own, as one classic script, for not every browser knows workers that are modules. */
export function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    async closeBundle() {
      await build({
        configFile: false,
        root: WEB,
        publicDir: false,
        logLevel: 'warn',
        define: { __KEPT__: JSON.stringify(kept()), 'process.env.NODE_ENV': '"production"' },
        build: {
          outDir: DIST,
          emptyOutDir: false,
          target: 'es2022',
          lib: { entry: 'src/worker/sw.ts', formats: ['iife'], name: 'worker', fileName: () => 'sw.js' },
        },
      });
    },
  };
}

function kept(): { url: string; revision: string | null }[] {
  const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(DIST, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => KEPT.test(file) && file !== 'sw.js' && !NOT_KEPT.some((one) => one.test(file)));
  return files.sort().map((file) => ({ url: `/${file}`, revision: HASHED.test(file) ? null : revision(file) }));
}

function revision(file: string): string {
  return createHash('sha256').update(readFileSync(join(DIST, file))).digest('hex').slice(0, 16);
}
