/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

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
    buildFile(build),
    serviceWorker(),
  ],
  define: { __BUILD__: JSON.stringify(build) },
  build: {
    target: 'es2022',
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ['/knipperlicht.', '/app', '/dev', '/api', '/build.json'].map((path) => [path, { target: GATEWAY }]),
    ),
  },
  test: { include: ['src/**/*.test.ts', 'packages/client/src/**/*.test.ts'], environment: 'node' },
});
