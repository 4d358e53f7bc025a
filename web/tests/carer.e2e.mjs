// The carer's own pages: flagging by a card, seeing who knows, stopping, being forgotten; and S11: the
// partner says that it helped, the carer says that it did not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { noViolations, picture, withBrowser } from './browser.mjs';
import { startLine } from './server.mjs';

const DESK = 'dmw-oostende-bredene';
let line;
before(async () => {
  line = await startLine();
});
after(async () => {
  await line?.remove();
});

/** An accepted situation: its follow-up. */
async function accepted(...options) {
  await line.ask('cleaner', 'signal', 'send', '--postal-code', '8400', '--observation', 'tasks_too_heavy', '--observation', 'conflict_at_home', '--consent', 'given', ...options);
  const [referral] = await line.until((all) => all.length > 0, () => line.ask(DESK, 'referral', 'list', '--open'));
  await line.ask(DESK, 'referral', 'accept', referral.referral_id ?? referral.id);
  const open = await line.until((all) => all.length > 0, async () => (await line.ask(DESK, 'followup', 'list')).filter((one) => one.state === 'open'));
  return { task: open[0].task_id ?? open[0].id, situation: open[0].situation_id };
}

test('S11: the partner says that it helped, the carer that it did not, and it opens again', async () => {
  const { task } = await accepted('--name', 'Maria Peeters', '--phone', '0470 12 34 56');
  await line.ask(DESK, 'followup', 'contact', task, '--channel', 'phone', '--result', 'reached');
  await line.ask(DESK, 'followup', 'complete', task, '--outcome', 'helped');
  const { token } = await line.ask(DESK, 'followup', 'link', task);
  await withBrowser(async (page) => {
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${line.address}/answer_outcome#${token}`);
    await page.getByRole('button', { name: 'Versturen' }).tap();
    await page.getByText('Kies een antwoord.').first().waitFor();
    await page.getByRole('group', { name: 'Heeft het u geholpen?' }).getByRole('radio', { name: 'Nee' }).tap();
    await page.getByRole('group', { name: 'Wilt u dat iemand u opbelt?' }).getByRole('radio', { name: 'Ja' }).tap();
    await page.getByText('DMW Oostende Bredene').waitFor();
    await noViolations(page, 'carer-answer (dark)');
    await picture(page, 'phone-carer-answer-dark');
    await page.getByRole('button', { name: 'Versturen' }).tap();
    await page.getByText('We zijn er nog niet.').waitFor();
    assert.ok(!asked.some((url) => url.includes(token)), 'the token is in no address that was asked for');

    // The same link a second time says so, and asks nothing.
    await page.reload();
    await page.getByRole('group', { name: 'Heeft het u geholpen?' }).getByRole('radio', { name: 'Ja' }).tap();
    await page.getByRole('group', { name: 'Wilt u dat iemand u opbelt?' }).getByRole('radio', { name: 'Nee' }).tap();
    await page.getByRole('button', { name: 'Versturen' }).tap();
    await page.getByText('U hebt al geantwoord.').waitFor();
  }, { dark: true });
  const tasks = await line.ask(DESK, 'followup', 'list');
  assert.equal(tasks.find((one) => (one.task_id ?? one.id) === task).state, 'reopened');
});

test('a carer flags by a card, sees who knows, stops, and asks to be forgotten', async () => {
  const { token } = await line.ask('coordinator', 'carer', 'self-card', '--zone', 'oostende-bredene');
  await withBrowser(async (page) => {
    await page.goto(`${line.address}/self_signal#${token}`);
    await page.getByRole('button', { name: 'Versturen' }).tap();
    await page.getByText('Tik minstens één ding aan.').waitFor();
    await page.getByRole('checkbox', { name: 'De zorg is te zwaar' }).tap();
    await page.getByRole('checkbox', { name: 'Er is ruzie of spanning thuis' }).tap();
    await page.getByLabel('Postcode van wie u verzorgt').fill('8400');
    await page.getByRole('radio', { name: /Ja, graag/ }).tap();
    await page.getByLabel('Telefoonnummer').fill('0471 22 33 44');
    await picture(page, 'phone-self-signal');
    await page.getByRole('button', { name: 'Versturen' }).tap();
    await page.getByText('Ontvangen door zone Oostende-Bredene').waitFor();
    await picture(page, 'phone-self-signal-received');

    // The link that was shown this once, read from what the phone would share.
    const link = await page.evaluate(async () => {
      let shared;
      Object.defineProperty(navigator, 'share', { value: async ({ url }) => (shared = url), configurable: true });
      [...document.querySelectorAll('button')].find((one) => one.textContent.includes('Bewaren of delen')).click();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return shared;
    });
    assert.match(link, new RegExp(`^${line.address}/my_situation#[\\w-]{43}$`));
    const [referral] = await line.until((all) => all.length > 0, () => line.ask(DESK, 'referral', 'list', '--open'));
    await line.ask(DESK, 'referral', 'accept', referral.referral_id ?? referral.id);
    // Intake hears of the acceptance a moment later, and on a busy machine later than it waits.
    await line.until(Boolean, () => line.ask(DESK, 'contact', referral.situation_id, '--purpose', 'first call').catch(() => undefined));

    await page.goto('about:blank');
    await page.goto(link);
    await page.getByText('Mag het nu weten').waitFor();
    await page.getByText('las hoe men u kan bereiken').waitFor();
    await noViolations(page, 'carer-situation');
    await picture(page, 'phone-carer-situation');
    await page.getByRole('button', { name: 'Ik wil stoppen' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Ik wil stoppen' }).tap();
    await page.getByText('U bent gestopt').waitFor();
    await page.getByText('Mag het niet meer weten').waitFor();
    await assert.rejects(line.ask(DESK, 'contact', referral.situation_id, '--purpose', 'second call'));
    await page.getByRole('button', { name: 'Vergeet mij' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Vergeet mij' }).tap();
    await page.getByText('U krijgt antwoord ten laatste op').waitFor();
    await picture(page, 'phone-carer-forgotten');
  });
});
