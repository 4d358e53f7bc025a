// The operations page on a real Chromium: whether each service answers, and when nothing does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { become, DESK, killBrowser, newProfile, noViolations, openBrowser, PHONE, picture } from './browser.mjs';
import { startStage } from './stage.mjs';

let stage;
before(async () => {
  stage = await startStage();
});
after(async () => {
  await stage?.remove();
});

for (const [size, viewport, dark] of [['phone', PHONE, false], ['desk', DESK, false], ['desk', DESK, true]]) {
  test(`operations, ${size}, ${dark ? 'dark' : 'light'}`, async () => {
    const profile = newProfile();
    try {
      const browser = await openBrowser(profile, { viewport, dark, serviceWorkers: 'block' });
      const page = browser.pages()[0] ?? (await browser.newPage());
      page.setDefaultTimeout(20_000);
      await become(page, stage.address, /Beheerder/);
      await page.getByText('Alles antwoordt').waitFor();
      assert.equal(await page.getByText('Antwoordt', { exact: true }).count(), 5);
      const name = `${size}-operations${dark ? '-dark' : ''}`;
      await noViolations(page, name);
      await picture(page, name);
      await stage.network(false);
      await page.getByText('De toegang zelf antwoordt niet').waitFor();
      await noViolations(page, `${name}, cut off`);
      await stage.network(true);
      await page.getByRole('button', { name: 'Opnieuw proberen' }).click();
      await page.getByText('Alles antwoordt').waitFor();
      await browser.close();
    } finally {
      await stage.network(true);
      killBrowser(profile);
      profile.remove();
    }
  });
}
