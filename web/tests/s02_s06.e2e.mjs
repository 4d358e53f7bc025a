// S2 and S6 as a reporter's phone lives them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { keptOnPhone, picture, sitDownAs, withBrowser } from './browser.mjs';
import { startLine } from './server.mjs';

let line;
before(async () => {
  line = await startLine();
});
after(async () => {
  await line?.remove();
});

function withPhone(person, work) {
  return withBrowser(async (page, browser) => {
    await sitDownAs(page, line.address, person);
    await work(page, browser);
  });
}

async function flag(page, { observation, consent, postalCode = '8400' }) {
  await page.goto(`${line.address}/flag`);
  await page.getByRole('checkbox', { name: observation }).tap();
  await page.getByRole('button', { name: 'Verder' }).tap();
  await page.getByLabel('Postcode van wie verzorgd wordt').fill(postalCode);
  await page.getByRole('button', { name: 'Verder' }).tap();
  await page.getByRole('radio', { name: consent }).tap();
  await page.getByRole('button', { name: 'Versturen' }).tap();
}

test('S2: the answer is lost twice on the way back, and it stays one signal', async () => {
  await withPhone('nurse', async (page, browser) => {
    let lost = 0;
    await browser.route('**/SubmitSignals', async (route) => {
      if (lost >= 2) return route.continue();
      lost += 1;
      // The server has it and says so; the phone never hears.
      const response = await route.fetch();
      assert.equal(response.status(), 200);
      return route.abort('connectionreset');
    });
    await flag(page, { observation: 'Slaapt slecht', consent: /Ja, het mag/ });
    await page.getByText('Wacht op deze telefoon').waitFor();
    await page.getByText('Ontvangen door zone Oostende-Bredene').first().waitFor({ timeout: 60_000 });
    assert.equal(lost, 2);
    const signals = await line.ask('nurse', 'signal', 'list');
    assert.equal(signals.length, 1);
  });
});

test('S6: whom to call is told before anything is sent, without network, and the coordinator hears', async () => {
  await withPhone('cleaner', async (page) => {
    await keptOnPhone(page);
    await line.stop();
    await page.goto(`${line.address}/flag`);
    await page.getByRole('checkbox', { name: 'Spreekt over niet meer willen leven' }).tap();
    for (const number of ['112', '1813', '106']) await page.getByRole('link', { name: `Bel ${number}` }).waitFor();
    await picture(page, 'phone-flag-danger');
    await page.getByRole('button', { name: 'Verder' }).tap();
    await page.getByLabel('Postcode van wie verzorgd wordt').fill('8400');
    await page.getByRole('button', { name: 'Verder' }).tap();
    await page.getByRole('radio', { name: /Nog niet gevraagd/ }).tap();
    await page.getByText('Mag ik hun uw naam en nummer geven?').waitFor();
    await page.getByRole('button', { name: 'Versturen' }).tap();
    await page.getByRole('heading', { name: 'Bewaard op uw telefoon' }).waitFor();
    await page.getByRole('link', { name: 'Bel 1813' }).waitFor();

    await line.start();
    await page.getByText('Ontvangen door zone Oostende-Bredene').waitFor({ timeout: 60_000 });
    await page.getByRole('link', { name: 'Bel 1813' }).waitFor();
    await picture(page, 'phone-story-danger');
    const items = await line.until((all) => all.length > 0, () => line.ask('coordinator', 'item', 'list'));
    assert.ok(JSON.stringify(items).includes('emergency'), JSON.stringify(items));
  });
});
