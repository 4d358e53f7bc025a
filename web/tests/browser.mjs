// A real Chromium for the tests: Debian's, with a profile of its own that outlives the browser, so that
// a test can kill it and start it again.
import assert from 'node:assert/strict';
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
const NAMES = JSON.parse(readFileSync(new URL('../src/texts/nl/start.json', import.meta.url), 'utf8'));
/** A step that takes longer than this does not come. */
const PATIENCE = 20_000;

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1440, height: 900 };

/** A new profile; `remove` takes it away. */
export function newProfile() {
  const path = mkdtempSync(join(tmpdir(), 'knipperlicht-browser-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}

/** Opens the browser with this profile. */
export async function openBrowser(profile, { viewport = PHONE, dark = false, serviceWorkers = 'allow', bypassCSP = false, port } = {}) {
  const isPhone = viewport.width < 700;
  return chromium.launchPersistentContext(profile.path, {
    executablePath: process.env.KL_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    // Where something else steers it as well.
    args: port ? [...FLAGS, `--remote-debugging-port=${port}`] : FLAGS,
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

/** A browser of its own for as long as `work` takes. What a page throws or its policy stops fails. */
export async function withBrowser(work, options) {
  const profile = newProfile();
  try {
    const browser = await openBrowser(profile, options);
    const page = await pageOf(browser);
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.text().includes('Content Security Policy') && complaints.push(message.text()));
    await work(page, browser);
    assert.deepEqual(complaints, []);
    await browser.close();
  } finally {
    killBrowser(profile);
    profile.remove();
  }
}

/** The page that a browser begins with. */
export async function pageOf(browser) {
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(PATIENCE);
  return page;
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

/** Signs in as one of the demo people, by account: `cleaner`, or that of an organisation. */
export async function sitDownAs(page, address, person) {
  const people = await (await fetch(`${address}/dev/people`)).json();
  const { role, organisationName } = people.find(({ name }) => name === person);
  const name = organisationName || NAMES[`person_${person}`];
  await page.goto(`${address}/`);
  if (role === 'partner') await page.getByRole('searchbox').first().fill(name);
  await page.getByRole('button', { name, exact: true }).first().click();
  await page.waitForURL((url) => url.pathname !== '/');
  if (role === 'partner') await page.getByText('Vanzelf bijgewerkt').waitFor();
}

/** Somebody sits at a computer, signed in as one of the demo people, for as long as `act` takes. */
export function sitting(address, person, act, options = {}) {
  return withBrowser(
    async (page) => {
      await sitDownAs(page, address, person);
      await act(page);
    },
    { viewport: DESK, serviceWorkers: 'block', ...options },
  );
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
