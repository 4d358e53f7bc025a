// What Lighthouse makes of a page: a phone on a slow network for what is opened on phones, a computer
// for the desks.
import lighthouse from 'lighthouse';
import desktop from 'lighthouse/core/config/desktop-config.js';
import puppeteer from 'puppeteer-core';

const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
/** One run alone says little: of three, the middle one counts. */
const RUNS = 3;

/** The middle score of each category, 0 to 100. `signedIn` is what the tab of whoever signed in holds. */
export async function scores(port, address, page, signedIn) {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await once(port, `${address}${page.path}`, page.isDesk, signedIn));
  return Object.fromEntries(CATEGORIES.map((category) => [category, middle(runs.map((run) => run[category]))]));
}

async function once(port, url, isDesk, signedIn) {
  const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${port}`, defaultViewport: null });
  const tab = await browser.newPage();
  try {
    await tab.evaluateOnNewDocument((kept) => {
      for (const [name, value] of Object.entries(kept)) sessionStorage.setItem(name, value);
    }, signedIn);
    const { lhr } = await lighthouse(url, { onlyCategories: CATEGORIES, logLevel: 'silent' }, isDesk ? desktop : undefined, tab);
    if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.message}`);
    return Object.fromEntries(CATEGORIES.map((category) => [category, Math.round(lhr.categories[category].score * 100)]));
  } finally {
    await tab.close();
    await browser.disconnect();
  }
}

export function middle(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}
