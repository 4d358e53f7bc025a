// Every page of the reporter, the carer and the start: nothing that axe finds, in light and dark, on a
// phone and a desk, and nothing wider than 320 pixels.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DESK, noViolations, PHONE, picture, sitDownAs, withBrowser } from './browser.mjs';
import { startLine } from './server.mjs';

/** Of the dark pages two are enough to see in docs/screens. */
const SHOWN_DARK = ['flag-notice', 'story'];
const POSTAL_CODE = 'Postcode van wie verzorgd wordt';
let line;
before(async () => {
  line = await startLine();
});
after(async () => {
  await line?.remove();
});

for (const [size, viewport] of [
  ['phone', PHONE],
  ['desk', DESK],
]) {
  for (const dark of [false, true]) {
    test(`every page, ${size}, ${dark ? 'dark' : 'light'}`, async () => {
      await withBrowser(
        async (page) => {
          const complaints = [];
          const look = async (name) => {
            // A text that was not loaded shows its name.
            const names = await page.evaluate(() => document.body.innerText.match(/\b(card|carer|codes|common|errors|flag|helplines|signals|start)\.[a-z]\w*/g));
            if (names) complaints.push(`${name}: ${names.join(', ')}`);
            await noViolations(page, `${name} (${size}, ${dark ? 'dark' : 'light'})`).catch((error) => complaints.push(error.message));
            if (!dark || SHOWN_DARK.includes(name)) await picture(page, `${size}-${name}${dark ? '-dark' : ''}`);
          };
          await visit(page, look);
          assert.deepEqual(complaints, []);
        },
        { viewport, dark },
      );
    });
  }
}

async function visit(page, look) {
  await page.goto(`${line.address}/`);
  await page.getByRole('button', { name: /Poetshulp/ }).waitFor();
  await look('start');
  await sitDownAs(page, line.address, 'cleaner');
  await page.getByRole('heading', { name: 'Wat merkt u?' }).waitFor();
  await look('flag-notice');
  await page.getByRole('button', { name: 'Verder' }).click();
  await page.getByText('Tik minstens één ding aan.').waitFor();
  await page.getByRole('button', { name: /Nog \d+ andere/ }).click();
  await page.getByRole('checkbox', { name: 'Iemand is bang voor geweld' }).check();
  await look('flag-notice-all');
  await page.getByRole('button', { name: 'Verder' }).click();
  await page.getByLabel(POSTAL_CODE).fill('9999');
  await page.getByText('Deze postcode kennen we niet').waitFor();
  await look('flag-where-wrong');
  await page.getByLabel(POSTAL_CODE).fill('9000');
  await look('flag-where');
  await page.getByRole('button', { name: 'Verder' }).click();
  await look('flag-may');
  await page.getByRole('radio', { name: /Ja, het mag/ }).check();
  await page.getByLabel('Telefoonnummer').fill('geen');
  await page.getByRole('button', { name: 'Meer gegevens' }).click();
  await page.getByRole('button', { name: 'Versturen' }).click();
  await page.getByText('Dit lijkt geen telefoonnummer').waitFor();
  await look('flag-may-wrong');
  await page.getByLabel('Telefoonnummer').fill('0470 12 34 56');
  await page.getByRole('button', { name: 'Versturen' }).click();
  await page.getByText(/Ontvangen door zone/).first().waitFor();
  // The last that happens by itself: what comes later would be new on the list.
  await page.getByRole('heading', { name: 'Bij de coördinator van de zone' }).waitFor();
  await look('story');
  await page.getByRole('button', { name: 'De mantelzorger zegt nu iets anders' }).click();
  await look('story-consent');
  await page.keyboard.press('Escape');
  await page.goto(`${line.address}/signals`);
  await page.getByText(/Ontvangen door zone/).first().waitFor();
  await look('signals');
  assert.equal(await page.getByText('Nieuw', { exact: true }).count(), 0, 'what was shown is not new');
  await page.goto(`${line.address}/card`);
  await page.getByRole('button', { name: 'Delen' }).waitFor();
  await look('card');
  await printed(page);
  await page.getByRole('button', { name: 'Instellingen' }).click();
  await look('settings');
  await page.keyboard.press('Escape');
  await page.goto(`${line.address}/nowhere`);
  await page.getByRole('heading', { name: 'Deze pagina bestaat niet' }).waitFor();
  await look('nowhere');
  await carer(page, look);
}

/** On paper there is the card and nothing of the app, on one white sheet. */
async function printed(page) {
  await page.emulateMedia({ media: 'print' });
  await page.getByRole('article').waitFor();
  assert.equal(await page.getByRole('banner').isVisible(), false);
  assert.equal(await page.getByRole('button', { name: 'Delen' }).isVisible(), false);
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), 'rgb(255, 255, 255)');
  const sheets = (await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type\s*\/Page\b/g);
  assert.equal(sheets.length, 1);
  await picture(page, 'card-printed');
  await page.emulateMedia({ media: null });
}

async function carer(page, look) {
  const { token } = await line.ask('coordinator', 'carer', 'self-card', '--zone', 'oostende-bredene');
  await page.goto(`${line.address}/self_signal#${token}`);
  await page.getByRole('checkbox', { name: 'Ik ben op' }).check();
  await look('self-signal');
  await page.getByLabel('Postcode van wie u verzorgt').fill('8400');
  await page.getByRole('radio', { name: /Nu nog niet/ }).check();
  await page.getByRole('button', { name: 'Versturen' }).click();
  await page.getByText('We hebben uw bericht').waitFor();
  await look('self-signal-received');
  await page.goto(`${line.address}/my_situation`);
  await page.getByText('Deze link werkt niet').waitFor();
  await look('carer-no-link');
}

test('nothing is cut off at 320 pixels, in any language', async () => {
  await withBrowser(async (page) => {
    await sitDownAs(page, line.address, 'cleaner');
    for (const path of ['/', '/flag', '/signals', '/card', '/answer_outcome', '/self_signal']) {
      for (const language of ['nl', 'fr', 'en']) {
        await page.goto(`${line.address}/nowhere`);
        await page.evaluate((one) => localStorage.setItem('knipperlicht.language', one), language);
        await page.goto(`${line.address}${path}#${'A'.repeat(43)}`);
        await page.locator('h1').waitFor();
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 320, `${path} in ${language} is ${wide} pixels wide`);
      }
    }
  }, { viewport: { width: 320, height: 640 } });
});
