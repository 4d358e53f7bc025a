// The operations page on a real Chromium: whether each service answers, and when nothing does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DESK, noViolations, PHONE, picture, sitting } from './browser.mjs';
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
    const name = `${size}-operations${dark ? '-dark' : ''}`;
    await sitting(
      stage.address,
      'admin',
      async (page) => {
        await page.getByText('Alles antwoordt').waitFor();
        assert.equal(await page.getByText('Antwoordt', { exact: true }).count(), 5);
        const waiting = page.getByRole('table', { name: 'Wat wacht' });
        const nothing = waiting.getByText('niets', { exact: true });
        await nothing.nth(14).waitFor();
        assert.equal(await nothing.count(), 15, 'nothing waits, nothing is stuck, at none of five services');
        await noViolations(page, name);
        await picture(page, name);
        await stage.network(false);
        await page.getByText('De toegang zelf antwoordt niet').waitFor();
        await noViolations(page, `${name}, cut off`);
        await stage.network(true);
        await page.getByRole('button', { name: 'Opnieuw proberen' }).click();
        await page.getByText('Alles antwoordt').waitFor();
      },
      { viewport, dark },
    ).finally(() => stage.network(true));
  });
}
