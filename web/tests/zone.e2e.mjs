// The coordinator's zone and the analyst's figures on a real Chromium against the whole line.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AgeBand, Consent, Language, Observation, ReporterRole, Step } from '@knipperlicht/client/codes';

import { DESK, noViolations, PHONE, picture, sitting, withBrowser } from './browser.mjs';
import { callsOf, until } from './calls.mjs';
import { askedOf, send, told } from './signals.mjs';
import { startStage } from './stage.mjs';

let stage;
let cleaner;
let nurse;
let coordinator;
before(async () => {
  stage = await startStage();
  [cleaner, nurse, coordinator] = await Promise.all(['cleaner', 'nurse', 'coordinator'].map((name) => callsOf(stage.address, name)));
});
after(async () => {
  await stage?.remove();
});

const as = (person, act, options) => sitting(stage.address, person, act, options);

const matters = (page) => page.locator('.list li button');

test('S9: a doubtful postal code: both zones beside each other, sent on to the other, the history kept', async () => {
  const sent = await send(cleaner, { postalCode: '3840', observations: [Observation.CONFLICT_AT_HOME], ageBand: AgeBand.FROM_26_TO_64 });
  const referral = await askedOf(coordinator, sent.receipt.situationId);
  assert.ok(referral.otherCandidates.length > 0);
  await as('coordinator', async (page) => {
    const line = matters(page).filter({ hasText: 'Twee zones mogelijk' }).filter({ hasText: '3840' });
    await line.first().click();
    const zones = page.locator('.zones > section');
    await zones.nth(1).getByRole('radio').first().waitFor();
    assert.equal(await zones.count(), 2);
    await noViolations(page, 'two zones');
    await picture(page, 'zone-doubtful');
    const other = zones.nth(1);
    const name = await other.getByRole('heading').innerText();
    await other.getByRole('button', { name: 'Stuur hierheen' }).click();
    await other.getByText('Kies een dienst').first().waitFor();
    await other.getByRole('searchbox').fill(name);
    await other.getByRole('radio').first().check();
    await other.getByRole('button', { name: 'Stuur hierheen' }).click();
    await page.getByText('Doorgestuurd.').waitFor();
  });
  const next = await askedOf(coordinator, sent.receipt.situationId);
  assert.equal(next.previousReferralId, referral.referralId);
  assert.equal(next.zoneId, referral.otherCandidates[0].zoneId);
  const { entries } = await coordinator.followup.getTimeline({ situationId: sent.receipt.situationId });
  assert.ok(entries.some(({ type }) => type.includes('redirected')));
});

test('what nobody could be asked for is given to a service', async () => {
  const sent = await send(cleaner, { postalCode: '9050', observations: [Observation.EXHAUSTED, Observation.TASKS_TOO_HEAVY, Observation.NO_BACKUP], ageBand: AgeBand.FROM_65_TO_79, language: Language.FRENCH });
  const items = () => coordinator.routing.listItems({});
  const mine = ({ situationId }) => situationId === sent.receipt.situationId;
  await until(({ items: found }) => found.some(mine), items);
  await as('coordinator', async (page) => {
    await page.getByRole('combobox').selectOption({ label: 'Gent' });
    await matters(page).first().click();
    await page.getByRole('heading', { name: 'Wie wordt gevraagd?' }).waitFor();
    await page.getByRole('radio').first().waitFor();
    await noViolations(page, 'an item');
    await picture(page, 'zone-item');
    await page.getByRole('radio').first().check();
    await page.getByRole('button', { name: 'Vraag deze dienst' }).click();
    await page.getByText('Gevraagd.').waitFor();
  });
  await until(({ items: found }) => !found.some(mine), items);
});

test('a vital interest is read for a purpose, and taken note of', async () => {
  const reason = 'Er lag een mes op tafel.';
  const sent = await send(cleaner, { consent: Consent.VITAL_INTEREST, vitalInterestReason: reason, observations: [Observation.FEAR_OF_VIOLENCE], postalCode: '8400' });
  await until(
    ({ items }) => items.some(({ situationId, kind }) => situationId === sent.receipt.situationId && kind === 7),
    () => coordinator.routing.listItems({}),
  );
  await as('coordinator', async (page) => {
    const line = matters(page).filter({ hasText: 'Gedeeld zonder ja' }).first();
    await page.setViewportSize({ width: 320, height: 640 });
    const what = line.locator('.what');
    const [title, tag] = await Promise.all([what.boundingBox(), line.locator('.tag').first().boundingBox()]);
    assert.ok(await what.evaluate((it) => it.scrollWidth <= it.clientWidth), 'the title is not cut off');
    assert.ok(title.y + title.height <= tag.y, 'the tags stand under it');
    await page.setViewportSize(DESK);
    await line.click();
    assert.equal(await page.getByText(reason).count(), 0);
    await page.getByRole('button', { name: 'Lees waarom' }).click();
    await page.getByText(reason).waitFor();
    await noViolations(page, 'a vital interest');
    await page.getByRole('button', { name: 'Ik heb het gelezen' }).click();
    await page.getByText('Genoteerd.').waitFor();
    await matters(page).filter({ hasText: 'Gedeeld zonder ja' }).waitFor({ state: 'detached' });
  });
});

test('two that may be one: beside each other, made one with a reason, and two again', async () => {
  const contact = { familyName: 'Voorbeeldmans', birthYear: 1958 };
  await send(cleaner, { contact, postalCode: '8400' });
  await send(nurse, { contact, postalCode: '8450', reporterRole: ReporterRole.NURSE });
  await until(({ duplicates }) => duplicates.length > 0, () => coordinator.intake.listDuplicates({}));
  await as('coordinator', async (page) => {
    await page.getByRole('link', { name: /Dubbel/ }).click();
    await page.getByText('Zelfde naam en geboortejaar, dichtbij').waitFor();
    await noViolations(page, 'duplicates');
    await picture(page, 'zone-duplicates');
    await page.getByRole('button', { name: 'Het is dezelfde' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Zelfde mantelzorger' }).check();
    await noViolations(page, 'making one of two');
    await dialog.getByRole('button', { name: 'Het is dezelfde' }).click();
    await page.getByText('Samengevoegd').waitFor();
    await page.getByRole('button', { name: 'Toch weer apart' }).click();
    await dialog.getByRole('radio', { name: 'Vergissing' }).check();
    await dialog.getByRole('button', { name: 'Toch weer apart' }).click();
    await page.getByText('Weer apart gezet').waitFor();
  });
});

test('a carer asks to be forgotten: the coordinator makes sure and erases, and whoever noticed it is told', async () => {
  const sent = await send(cleaner, { postalCode: '8400' });
  const { situationId } = sent.receipt;
  const { link } = await coordinator.intake.issueSituationLink({ situationId });
  await withBrowser(async (page) => {
    await page.goto(`${stage.address}/my_situation#${link.token}`);
    await page.getByRole('button', { name: 'Vergeet mij' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Vergeet mij' }).tap();
    await page.getByText('U krijgt antwoord ten laatste op').waitFor();
  });
  await as('coordinator', async (page) => {
    await matters(page).filter({ hasText: 'Wil vergeten worden' }).first().click();
    await page.getByRole('button', { name: 'Wissen', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Wis voor altijd' }).click();
    await dialog.getByText('Ga eerst na wie dit vraagt').waitFor();
    await dialog.getByRole('checkbox', { name: 'Ik ging na wie dit vraagt.' }).check();
    await noViolations(page, 'erasing');
    await picture(page, 'zone-erasing');
    await dialog.getByRole('button', { name: 'Wis voor altijd' }).click();
    await page.getByText('Gewist.').waitFor();
  });
  await told(sent, Step.ERASED);
});

test('an analyst sees figures of any zone, and nothing else', async () => {
  await as('analyst', async (page) => {
    await page.getByRole('heading', { name: 'Cijfers van een zone' }).waitFor();
    assert.equal(await page.getByRole('link', { name: /Te beslissen/ }).count(), 0);
    await page.getByText(/te weinig om te tonen/).waitFor();
    await noViolations(page, 'an analyst');
  });
});

for (const [size, viewport] of [['phone', PHONE], ['desk', DESK]]) {
  for (const dark of [false, true]) {
    test(`every part, ${size}, ${dark ? 'dark' : 'light'}`, async () => {
      await as(
        'coordinator',
        async (page) => {
          for (const [part, shown] of [
            ['', 'Te beslissen'],
            ['/duplicates', 'Gaat het om dezelfde thuis'],
            ['/loops', 'nog open'],
            ['/unmet', /De voorbije 90 dagen/],
            ['/report', 'Alleen jaren die voorbij zijn'],
          ]) {
            await page.goto(`${stage.address}/zone${part}`);
            await page.getByText(shown).first().waitFor();
            await page.waitForTimeout(500);
            const name = `${size}-zone${part.replace('/', '-')}${dark ? '-dark' : ''}-fold`;
            await noViolations(page, name);
            await picture(page, name);
            const wide = await page.evaluate(() => document.documentElement.scrollWidth);
            assert.ok(wide <= viewport.width, `${name} is ${wide} pixels wide`);
          }
        },
        { viewport, dark },
      );
    });
  }
}
