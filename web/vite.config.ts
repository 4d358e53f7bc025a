/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

import { ahead } from './vite/ahead.ts';
import { buildFile, buildId } from './vite/build-id.ts';
import { postalCodes } from './vite/postal.ts';
import { serviceWorker } from './vite/service-worker.ts';
import { zones } from './vite/zones.ts';

const GATEWAY = process.env['KL_GATEWAY'] ?? 'http://localhost:7480';
const build = buildId();

export default defineConfig({
  plugins: [
    svelte(),
    postalCodes(),
    zones(),
    ahead(),
    buildFile(build),
    serviceWorker(),
  ],
  define: { __BUILD__: JSON.stringify(build) },
  build: {
    target: 'es2022',
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What every page begins with comes in one piece, and so does what pages are built of: on a slow network
    // each piece more is a wait more.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'app', tags: ['$initial'], priority: 2 },
            { name: 'design', test: /\/src\/design\//, minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/knipperlicht.', '/app', '/dev', '/api', '/build.json'].map((path) => [path, { target: GATEWAY }]),
    ),
  },
  test: { include: ['src/**/*.test.ts', 'packages/client/src/**/*.test.ts'], environment: 'node' },
});
