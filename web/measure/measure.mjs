// What somebody who opens a page has to wait for, on this machine: Lighthouse's scores, and the time until
// the first tap is answered. Fails under a limit. The sizes of the pages are printed by the build.
import { DESK, killBrowser, newProfile, openBrowser, pageOf, PHONE, sitDownAs } from '../tests/browser.mjs';
import { freePort, startLine } from '../tests/server.mjs';
import { untilItAnswers } from './interactive.mjs';
import { scores } from './lighthouse.mjs';
import { pagesOf } from './pages.mjs';

const LEAST_SCORE = 95;
const LONGEST = 1_000;
const DESK_OF = 'dmw-oostende-bredene';

const line = await startLine();
const missed = [];
try {
  for (const page of pagesOf(await links(line))) await measure(page);
} finally {
  await line.remove();
}
if (missed.length > 0) {
  console.error(`missed: ${missed.join('; ')}`);
  process.exit(1);
}

async function measure(page) {
  const profile = newProfile();
  try {
    const port = await freePort();
    const browser = await openBrowser(profile, { viewport: page.isDesk ? DESK : PHONE, port });
    const tab = await pageOf(browser);
    if (page.person) await sitDownAs(tab, line.address, page.person);
    const signedIn = page.person ? await tab.evaluate(() => ({ ...sessionStorage })) : {};
    const found = await scores(port, line.address, page, signedIn);
    const time = page.first ? await untilItAnswers(tab, line.address, page) : undefined;
    say(page.name, found, time);
    await browser.close();
  } finally {
    killBrowser(profile);
    profile.remove();
  }
}

function say(name, found, time) {
  const low = Object.entries(found).filter(([, score]) => score < LEAST_SCORE);
  missed.push(...low.map(([category, score]) => `${name}, ${category}: ${score}`));
  if (time > LONGEST) missed.push(`${name} answers after ${time.toFixed(0)} ms`);
  const words = Object.entries(found).map(([category, score]) => `${category} ${score}`);
  const answers = time === undefined ? '' : `, the first tap is answered after ${time.toFixed(0)} ms`;
  console.log(`${name.padEnd(20)} ${words.join(', ')}${answers}`);
}

/** What carers have in their hands, and a desk with something on it. */
async function links(of) {
  const { token: selfSignal } = await of.ask('coordinator', 'carer', 'self-card', '--zone', 'oostende-bredene');
  const flag = () => of.ask('cleaner', 'signal', 'send', '--postal-code', '8400', '--observation', 'tasks_too_heavy', '--observation', 'conflict_at_home', '--consent', 'given');
  await flag();
  const [referral] = await of.until((all) => all.length > 0, () => of.ask(DESK_OF, 'referral', 'list', '--open'));
  await of.ask(DESK_OF, 'referral', 'accept', referral.referral_id ?? referral.id);
  const [task] = await of.until((all) => all.length > 0, () => of.ask(DESK_OF, 'followup', 'list'));
  const id = task.task_id ?? task.id;
  await of.ask(DESK_OF, 'followup', 'contact', id, '--channel', 'phone', '--result', 'reached');
  await of.ask(DESK_OF, 'followup', 'complete', id, '--outcome', 'helped');
  const { token: answer } = await of.ask(DESK_OF, 'followup', 'link', id);
  await flag();
  await of.until((all) => all.length > 0, () => of.ask(DESK_OF, 'referral', 'list', '--open'));
  return { selfSignal, answer, desk: DESK_OF };
}
