// Signing in at an organisation's identity provider, renewing, and signing in again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withBrowser } from './browser.mjs';
import { startIssuer } from './issuer.mjs';
import { startLine } from './server.mjs';

let line;
let issuer;
before(async () => {
  line = await startLine();
  issuer = await startIssuer(line.address, 'cleaner');
});
after(async () => {
  await issuer?.stop();
  await line?.remove();
});

const EXPIRED = { status: 200, headers: { 'content-type': 'application/grpc-web+proto', 'grpc-status': '16', 'grpc-message': 'KL0003: expired' } };

test('by code and PKCE; a token that ran out is renewed; without renewal the queue waits for signing in', async () => {
  // The development gateway names no issuer, and its policy lets the app speak to none.
  await withBrowser(async (page, browser) => {
    await browser.route('**/app/config.json', (route) => route.fulfill({ json: { version: 't', issuer: issuer.address, clientId: 'app', demo: false } }));
    await page.goto(`${line.address}/`);
    await page.getByRole('button', { name: 'Aanmelden bij uw organisatie' }).tap();
    await page.getByRole('heading', { name: 'Wat merkt u?' }).waitFor();
    assert.equal(new URL(page.url()).search, '', 'the code is in the address no more');
    await page.getByRole('button', { name: 'Instellingen' }).tap();
    await page.getByText('U werkt als Els Maes.').waitFor();
    await page.keyboard.press('Escape');

    let refusals = 1;
    await browser.route('**/SubmitSignals', (route) => (refusals-- > 0 ? route.fulfill(EXPIRED) : route.continue()));
    await flag(page, true);
    await page.getByText('Ontvangen door zone Oostende-Bredene').first().waitFor();
    assert.equal(issuer.renewals, 1);

    issuer.refused = true;
    refusals = 1;
    await flag(page, false);
    await page.getByText('Meld u opnieuw aan.').first().waitFor();
    await page.getByText('Wacht op deze telefoon').waitFor();
    await page.getByRole('link', { name: 'Aanmelden' }).tap();
    await page.getByRole('button', { name: 'Aanmelden bij uw organisatie' }).tap();
    await page.getByRole('heading', { name: 'Wat merkt u?' }).waitFor();
    await line.until((all) => all.length === 2, () => line.ask('cleaner', 'signal', 'list'));
  }, { serviceWorkers: 'block', bypassCSP: true });
});

async function flag(page, asksRole) {
  await page.goto(`${line.address}/flag`);
  await page.getByRole('checkbox', { name: 'Is uitgeput' }).tap();
  await page.getByRole('button', { name: 'Verder' }).tap();
  await page.getByLabel('Postcode van wie verzorgd wordt').fill('8400');
  if (asksRole) {
    // Asked once, and not left to guess.
    await page.getByRole('button', { name: 'Verder' }).tap();
    await page.getByText('Kies wat u doet.').waitFor();
    await page.getByLabel('Wat doet u?').selectOption({ label: 'Verpleegkundige' });
  }
  await page.getByRole('button', { name: 'Verder' }).tap();
  await page.getByRole('radio', { name: /Ja, het mag/ }).tap();
  await page.getByRole('button', { name: 'Versturen' }).tap();
}
