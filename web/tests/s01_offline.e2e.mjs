// S1: a cleaner in Oostende without network flags, the phone dies, and it goes out by itself; then she
// is told each step, and the carer says that it helped.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { become, keptOnPhone, killBrowser, newProfile, openBrowser, picture } from './browser.mjs';
import { Person } from './person.mjs';
import { startLine } from './server.mjs';

const DESK = 'dmw-oostende-bredene';
let line;
let profile;

before(async () => {
  line = await startLine();
  profile = newProfile();
});
after(async () => {
  if (profile) {
    killBrowser(profile);
    profile.remove();
  }
  await line?.remove();
});

async function open(path) {
  const browser = await openBrowser(profile);
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(20_000);
  await page.goto(`${line.address}${path}`);
  return { browser, page };
}

test('S1: flagged without network, killed, sent, accepted, contacted, helped, confirmed', async () => {
  // Once with network: signed in, and the app is kept on the phone.
  const first = await open('/');
  await become(first.page, line.address, /Poetshulp/);
  await keptOnPhone(first.page);
  await first.browser.close();

  // The network is cut for real, and the phone starts cold.
  await line.stop();
  const second = await open('/flag');
  const person = new Person(second.page);
  const { page } = second;
  await page.getByRole('heading', { name: 'Wat merkt u?' }).waitFor();
  person.begin();
  await person.tap(page.getByRole('checkbox', { name: 'De zorg is te zwaar' }));
  await person.tap(page.getByRole('checkbox', { name: 'Er is ruzie of spanning thuis' }));
  await person.tap(page.getByRole('button', { name: 'Verder' }));
  await person.type(page.getByLabel('Postcode van wie verzorgd wordt'), '8400');
  await page.getByText('zone Oostende-Bredene').waitFor();
  await picture(page, 'phone-flag-where-offline');
  await person.tap(page.getByRole('button', { name: 'Verder' }));
  await person.tap(page.getByRole('radio', { name: /Ja, het mag/ }));
  await person.tap(page.getByRole('button', { name: 'Versturen' }));
  await page.getByRole('heading', { name: 'Bewaard op uw telefoon' }).waitFor();
  const { taps, seconds } = person;
  console.log(`S1: ${taps} taps and a postal code, ${seconds.toFixed(1)} s at a tap a second`);
  assert.ok(taps <= 6, `${taps} taps`);
  assert.ok(seconds <= 20, `${seconds} s`);

  // The phone dies right after the tap.
  killBrowser(profile);
  await second.browser.close().catch(() => undefined);

  // It starts again, still without network: it waits, and nothing else is said.
  const third = await open('/signals');
  await third.page.getByText('Wacht op deze telefoon').waitFor();
  assert.equal(await third.page.getByText('Ontvangen door').count(), 0);
  await picture(third.page, 'phone-signals-waiting');

  // The network is back: it goes out by itself.
  await line.start();
  await third.page.getByText('Ontvangen door zone Oostende-Bredene').waitFor({ timeout: 60_000 });
  assert.equal(await third.page.getByText('Wacht op deze telefoon').count(), 0);
  await third.page.getByText('Ontvangen door zone Oostende-Bredene').click();
  await follow(third.page);
  await third.browser.close();
});

/** The line goes on, and the page tells each step without being loaded again. */
async function follow(page) {
  const told = (text) => page.getByRole('heading', { level: 1, name: text }).waitFor();
  const referrals = await line.until((all) => all.length > 0, () => line.ask(DESK, 'referral', 'list', '--open'));
  const referral = referrals[0].referral_id ?? referrals[0].id;
  await told('Gevraagd aan een hulpverlener');
  await line.ask(DESK, 'referral', 'accept', referral);
  await told('Aangenomen: iemand zorgt ervoor');
  const tasks = await line.until((all) => all.length > 0, () => line.ask(DESK, 'followup', 'list'));
  const task = tasks[0].task_id ?? tasks[0].id;
  await line.ask(DESK, 'followup', 'contact', task, '--channel', 'phone', '--result', 'reached');
  await told('Er is contact geweest');
  await line.ask(DESK, 'followup', 'complete', task, '--outcome', 'helped');
  await told('Afgerond');
  await picture(page, 'phone-story-closed');

  const { token } = await line.ask(DESK, 'followup', 'link', task);
  const carer = await page.context().newPage();
  await carer.goto(`${line.address}/answer_outcome#${token}`);
  await carer.getByRole('group', { name: 'Heeft het u geholpen?' }).getByRole('radio', { name: 'Ja' }).tap();
  await carer.getByRole('group', { name: /Hoe lang houdt u het nog vol/ }).getByRole('radio', { name: 'Een tot twee jaar' }).tap();
  await carer.getByRole('group', { name: 'Wilt u dat iemand u opbelt?' }).getByRole('radio', { name: 'Nee' }).tap();
  await picture(carer, 'phone-carer-answer');
  await carer.getByRole('button', { name: 'Versturen' }).tap();
  await carer.getByText('Dank u').waitFor();
  await carer.close();
  await told('De mantelzorger zegt: het hielp');
}
