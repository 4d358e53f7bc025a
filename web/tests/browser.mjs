// A real Chromium for the tests: Debian's, with a profile of its own that outlives the browser, so that
// a test can kill it and start it again.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1440, height: 900 };

/** A new profile; `remove` takes it away. */
export function newProfile() {
  const path = mkdtempSync(join(tmpdir(), 'knipperlicht-browser-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}

/** Opens the browser with this profile. */
export async function openBrowser(profile, { viewport = PHONE, dark = false, serviceWorkers = 'allow', bypassCSP = false } = {}) {
  const isPhone = viewport.width < 700;
  return chromium.launchPersistentContext(profile.path, {
    executablePath: process.env.KL_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport,
    locale: 'nl-BE',
    serviceWorkers,
    bypassCSP,
    timezoneId: 'Europe/Brussels',
    colorScheme: dark ? 'dark' : 'light',
    hasTouch: isPhone,
    isMobile: isPhone,
    deviceScaleFactor: isPhone ? 2 : 1,
  });
}

/** Ends the browser of a profile as a phone does that runs out of power: without a word. */
export function killBrowser(profile) {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    let line = '';
    try {
      line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
    } catch {
      continue;
    }
    if (line.includes(`--user-data-dir=${profile.path}`)) {
      try {
        process.kill(Number(name), 'SIGKILL');
      } catch {
        // It ended with its parent.
      }
    }
  }
}

/** Waits until the app is kept on the phone: from then on it starts without network. */
export async function keptOnPhone(page) {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
    }
  });
}

/** Signs in as one of the demo people. */
export async function become(page, address, name) {
  await page.goto(`${address}/`);
  await page.getByRole('button', { name }).click();
  await page.waitForURL((url) => url.pathname !== '/');
}

/** Fails with what axe finds on the page. */
export async function noViolations(page, what) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);
  if (found.length > 0) throw new Error(`${what}: ${found.length} violations\n${found.join('\n')}`);
}

/** Keeps how a page looks, where KL_SCREENSHOTS says. */
export async function picture(page, name) {
  const folder = process.env.KL_SCREENSHOTS;
  if (!folder) return;
  // As tall as the page, so that what is fixed to the bottom stands at the bottom.
  const before = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: before.width, height: Math.max(before.height, height) });
  await page.screenshot({ path: join(folder, `${name}.png`), scale: 'css' });
  await page.setViewportSize(before);
}
