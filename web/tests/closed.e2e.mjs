// With the app closed: the browser wakes the service worker, and what waits goes out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { keptOnPhone, sitDownAs, withBrowser } from './browser.mjs';
import { startLine } from './server.mjs';

let line;
before(async () => {
  line = await startLine();
});
after(async () => {
  await line?.remove();
});

test('what waits is sent by background sync, without a page of the app', async () => {
  await withBrowser(async (page, browser) => {
    await sitDownAs(page, line.address, 'cleaner');
    await keptOnPhone(page);
    await line.stop();
    await page.goto(`${line.address}/flag`);
    await page.getByRole('checkbox', { name: 'Is uitgeput' }).tap();
    await page.getByRole('button', { name: 'Verder' }).tap();
    await page.getByLabel('Postcode van wie verzorgd wordt').fill('8400');
    await page.getByRole('button', { name: 'Verder' }).tap();
    await page.getByRole('radio', { name: /Ja, het mag/ }).tap();
    await page.getByRole('button', { name: 'Versturen' }).tap();
    await page.getByRole('heading', { name: 'Bewaard op uw telefoon' }).waitFor();
    await page.goto('about:blank');
    await line.start();
    assert.equal((await line.ask('cleaner', 'signal', 'list')).length, 0);

    // As the browser does when the network is back.
    const devtools = await browser.newCDPSession(page);
    const registered = new Promise((resolve) => {
      devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => registrations[0] && resolve(registrations[0]));
    });
    await devtools.send('ServiceWorker.enable');
    const { registrationId } = await registered;
    await devtools.send('ServiceWorker.dispatchSyncEvent', {
      origin: line.address,
      registrationId,
      tag: 'knipperlicht.send',
      lastChance: false,
    });
    await line.until((all) => all.length === 1, () => line.ask('cleaner', 'signal', 'list'));

    await page.goto(`${line.address}/signals`);
    await page.getByText('Ontvangen door zone Oostende-Bredene').waitFor();
    assert.equal(await page.getByText('Wacht op deze telefoon').count(), 0);
  });
});
