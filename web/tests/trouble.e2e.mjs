// What goes wrong on the way, and what the phone makes of it: a wrong clock, a session that ran out, a
// refusal, somebody else's phone, a newer version.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { picture, sitDownAs, withBrowser } from './browser.mjs';
import { startLine } from './server.mjs';

let line;
before(async () => {
  line = await startLine();
});
after(async () => {
  await line?.remove();
});

const withPhone = (work) => withBrowser(work, { serviceWorkers: 'block' });

async function flag(page, { postalCode = '8400', consent = /Ja, het mag/ } = {}) {
  await page.goto(`${line.address}/flag`);
  await page.getByRole('checkbox', { name: 'Is uitgeput' }).tap();
  await page.getByRole('button', { name: 'Verder' }).tap();
  await page.getByLabel('Postcode van wie verzorgd wordt').fill(postalCode);
  await page.getByRole('button', { name: 'Verder' }).tap();
  await page.getByRole('radio', { name: consent }).tap();
  await page.getByRole('button', { name: 'Versturen' }).tap();
}

const count = async (person) => (await line.ask(person, 'signal', 'list')).length;

test('a phone whose clock is three years ahead flags all the same', async () => {
  await withPhone(async (page) => {
    await page.clock.setSystemTime(Date.now() + 3 * 365 * 86_400_000);
    await sitDownAs(page, line.address, 'cleaner');
    const before = await count('cleaner');
    await flag(page);
    await page.getByText('Ontvangen door zone Oostende-Bredene').first().waitFor();
    await page.getByText('De klok van uw telefoon staat verkeerd').waitFor();
    assert.equal(await count('cleaner'), before + 1);
  });
});

test('a session that ran out keeps the queue, asks to sign in, and sends', async () => {
  await withPhone(async (page, browser) => {
    await sitDownAs(page, line.address, 'cleaner');
    const before = await count('cleaner');
    await browser.route('**/SubmitSignals', (route) =>
      route.fulfill({ status: 200, headers: { 'content-type': 'application/grpc-web+proto', 'grpc-status': '16', 'grpc-message': 'KL0003: expired' } }),
    );
    await browser.route('**/dev/token', (route) => route.fulfill({ status: 403, body: '' }));
    await flag(page);
    await page.getByText('Meld u opnieuw aan.').first().waitFor();
    await page.getByText('Wacht op deze telefoon').waitFor();
    await picture(page, 'phone-sign-in-again');
    assert.equal(await count('cleaner'), before);

    await browser.unroute('**/SubmitSignals');
    await browser.unroute('**/dev/token');
    await page.getByRole('link', { name: 'Aanmelden' }).tap();
    await page.getByRole('button', { name: /Poetshulp/ }).tap();
    await page.waitForURL((url) => url.pathname !== '/');
    await page.goto(`${line.address}/signals`);
    await page.getByText('Ontvangen door zone Oostende-Bredene').first().waitFor();
    assert.equal(await count('cleaner'), before + 1);
  });
});

test('what the server refuses says why, and is mended and sent as the same signal', async () => {
  await withPhone(async (page, browser) => {
    await sitDownAs(page, line.address, 'cleaner');
    const before = await count('cleaner');
    // An app whose table of postal codes is not the server's.
    await browser.route('**/assets/_virtual_postal-codes-*.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace(/9000(?=\\t|\t)/, '9999') });
    });
    await flag(page, { postalCode: '9999' });
    await page.getByText('Deze postcode kennen we niet').waitFor();
    await picture(page, 'phone-refused');
    await page.getByRole('link', { name: 'Aanpassen' }).tap();
    await page.getByLabel('Postcode van wie verzorgd wordt').fill('8400');
    await page.getByRole('button', { name: 'Verder' }).tap();
    await page.getByRole('button', { name: 'Versturen' }).tap();
    await page.getByText('Ontvangen door zone Oostende-Bredene').first().waitFor();
    assert.equal(await count('cleaner'), before + 1);
  });
});

test('somebody else on the phone sees that something waits, and nothing of it', async () => {
  await withPhone(async (page, browser) => {
    await sitDownAs(page, line.address, 'cleaner');
    const before = { cleaner: await count('cleaner'), nurse: await count('nurse') };
    await browser.route('**/SubmitSignals', (route) => route.abort());
    await flag(page);
    await page.getByText('Wacht op deze telefoon').waitFor();

    await page.getByRole('button', { name: 'Instellingen' }).tap();
    await page.getByRole('button', { name: 'Afmelden' }).tap();
    await browser.unroute('**/SubmitSignals');
    await sitDownAs(page, line.address, 'nurse');
    await page.goto(`${line.address}/signals`);
    await page.getByText('Er wacht nog 1 signaal van iemand anders').waitFor();
    assert.equal(await page.getByText('Is uitgeput').count(), 0);
    assert.deepEqual({ cleaner: await count('cleaner'), nurse: await count('nurse') }, before);

    await sitDownAs(page, line.address, 'cleaner');
    await page.goto(`${line.address}/signals`);
    await page.getByText('Ontvangen door zone Oostende-Bredene').first().waitFor();
    assert.equal(await count('cleaner'), before.cleaner + 1);
  });
});

test('an app that is older than the server says so, and loses nothing', async () => {
  await withPhone(async (page, browser) => {
    await sitDownAs(page, line.address, 'cleaner');
    const before = await count('cleaner');
    await browser.route('**/SubmitSignals', (route) => route.abort());
    await browser.route('**/build.json', (route) => route.fulfill({ json: { build: 'another' } }));
    await flag(page);
    await page.getByText('Wacht op deze telefoon').waitFor();
    await page.getByText('Er is een nieuwe versie.').waitFor();
    await browser.unroute('**/build.json');
    await browser.unroute('**/SubmitSignals');
    await page.getByRole('button', { name: 'Nu vernieuwen' }).tap();
    await page.getByText('Ontvangen door zone Oostende-Bredene').first().waitFor();
    assert.equal(await count('cleaner'), before + 1);
  });
});

test('a reporter takes a signal back, and records what the carer says since', async () => {
  await withPhone(async (page) => {
    await sitDownAs(page, line.address, 'nurse');
    await flag(page, { consent: /Nog niet gevraagd/ });
    await page.getByText('Ontvangen door zone Oostende-Bredene').first().waitFor();
    await page.getByText('Vraag het aan de mantelzorger').waitFor();
    await page.getByRole('button', { name: 'De mantelzorger zegt nu iets anders' }).tap();
    await page.getByRole('radio', { name: 'Ja, het mag' }).tap();
    await page.getByRole('button', { name: 'Bewaren' }).tap();
    await page.getByRole('heading', { level: 1, name: 'Gevraagd aan een hulpverlener' }).waitFor();
    await page.getByRole('button', { name: 'Intrekken' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Intrekken' }).tap();
    await page.getByRole('heading', { level: 1, name: 'Ingetrokken' }).waitFor();
  });
});
