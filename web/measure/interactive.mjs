// How long until a page answers: from the navigation, with nothing kept in the browser, to the moment
// when the first thing one can tap was tapped and shows it.
import { middle } from './lighthouse.mjs';

const RUNS = 5;

/** Milliseconds, the middle of some runs. */
export async function untilItAnswers(page, address, { path, first }) {
  const devtools = await page.context().newCDPSession(page);
  const times = [];
  for (let run = 0; run < RUNS; run += 1) {
    await page.goto('about:blank');
    await devtools.send('Network.clearBrowserCache');
    await devtools.send('Storage.clearDataForOrigin', { origin: address, storageTypes: 'service_workers,cache_storage' });
    await page.goto(`${address}${path}`, { waitUntil: 'commit' });
    times.push(await page.evaluate(tapFirst, first));
  }
  await devtools.detach();
  return middle(times);
}

/** In the browser. */
async function tapFirst({ tile, answered }) {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  while (!document.querySelector(tile)) await frame();
  document.querySelector(tile).click();
  while (!document.querySelector(answered)) await frame();
  return performance.now();
}
