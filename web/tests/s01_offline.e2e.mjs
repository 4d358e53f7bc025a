// S1: a cleaner in Oostende without network flags, the phone dies, and it goes out by itself; then she
// is told each step, and four weeks later the carer says that it helped.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ContactChannel, ContactResult, OutcomeResult } from '@knipperlicht/client/codes';

import { keptOnPhone, killBrowser, newProfile, openBrowser, pageOf, picture, sitDownAs } from './browser.mjs';
import { callsOf, until } from './calls.mjs';
import { Person } from './person.mjs';
import { startStage } from './stage.mjs';

const DESK = 'dmw-oostende-bredene';
const FOUR_WEEKS = 28 * 24;
let stage;
let profile;

before(async () => {
  stage = await startStage();
  profile = newProfile();
});
after(async () => {
  if (profile) {
    killBrowser(profile);
    profile.remove();
  }
  await stage?.remove();
});

async function open(path) {
  const browser = await openBrowser(profile);
  const page = await pageOf(browser);
  await page.goto(`${stage.address}${path}`);
  return { browser, page };
}

test('S1: flagged without network, killed, sent, accepted, contacted, helped, confirmed', async () => {
  // Once with network: signed in, and the app is kept on the phone.
  const first = await open('/');
  await sitDownAs(first.page, stage.address, 'cleaner');
  await keptOnPhone(first.page);
  await first.browser.close();

  // The network is cut for real, and the phone starts cold.
  await stage.network(false);
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
  await stage.network(true);
  await third.page.getByText('Ontvangen door zone Oostende-Bredene').waitFor({ timeout: 60_000 });
  assert.equal(await third.page.getByText('Wacht op deze telefoon').count(), 0);
  await third.page.getByText('Ontvangen door zone Oostende-Bredene').click();
  await follow(third.page);
  await third.browser.close();
});

/** The line goes on, and the page tells each step without being loaded again. */
async function follow(page) {
  const told = (text) => page.getByRole('heading', { level: 1, name: text }).waitFor();
  await told('Gevraagd aan een hulpverlener');
  const { routing, followup } = await callsOf(stage.address, DESK);
  const { referrals } = await routing.listReferrals({ openOnly: true, pageSize: 10 });
  await routing.accept({ referralId: referrals[0].referralId });
  await told('Aangenomen: iemand zorgt ervoor');
  const { tasks } = await until(({ tasks: all }) => all.length > 0, () => followup.listTasks({}));
  const { taskId } = tasks[0];
  await followup.recordContact({ taskId, channel: ContactChannel.PHONE, result: ContactResult.REACHED });
  await told('Er is contact geweest');
  await followup.complete({ taskId, result: OutcomeResult.HELPED });
  await told('Afgerond');
  await picture(page, 'phone-story-closed');
  await answer(page.context(), taskId);
  await told('De mantelzorger zegt: het hielp');
}

/** Four weeks later the partner is asked to ask the carer, who answers by their link. */
async function answer(phone, taskId) {
  const due = async () => (await (await callsOf(stage.address, DESK)).followup.listTasks({})).tasks.find((task) => task.taskId === taskId).carerQuestion;
  assert.equal(await due(), undefined, 'the carer is left in peace until then');
  await stage.advance(FOUR_WEEKS);
  await until((question) => question?.times === 1, due);
  const { token } = await (await callsOf(stage.address, DESK)).followup.issueCarerLink({ taskId });
  const carer = await phone.newPage();
  await carer.goto(`${stage.address}/answer_outcome#${token}`);
  await carer.getByRole('group', { name: 'Heeft het u geholpen?' }).getByRole('radio', { name: 'Ja' }).tap();
  await carer.getByRole('group', { name: /Hoe lang houdt u het nog vol/ }).getByRole('radio', { name: 'Een tot twee jaar' }).tap();
  await carer.getByRole('group', { name: 'Wilt u dat iemand u opbelt?' }).getByRole('radio', { name: 'Nee' }).tap();
  await picture(carer, 'phone-carer-answer');
  await carer.getByRole('button', { name: 'Versturen' }).tap();
  await carer.getByText('Dank u').waitFor();
  await carer.close();
}
