// The desk on a real Chromium against the whole line: by keyboard alone from the question to its end,
// what is done about it when nobody can or somebody says it did not help, and a thousand questions.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { problemOf } from '@knipperlicht/client';
import { AgeBand, CapacityState, ClockKind, Observation, ReporterRole, Step } from '@knipperlicht/client/codes';

import { DESK, noViolations, PHONE, picture, sitting } from './browser.mjs';
import { callsOf, until } from './calls.mjs';
import { askedOf, send, signal, told } from './signals.mjs';
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

/** Somebody sits at the desk of an organisation. */
const atDesk = (organisation, act, options) => sitting(stage.address, organisation, act, options);

const lines = (page) => page.locator('.list li a');

test('by keyboard alone: accepted with two keys, reached, closed; the reporter is told each time', async () => {
  const sent = await send(cleaner, { postalCode: '8430' });
  const { service } = await askedOf(coordinator, sent.receipt.situationId);
  await atDesk(service.organisationId, async (page) => {
    await lines(page).first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('8430');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.getByRole('button', { name: 'Aannemen', exact: true }).waitFor();
    await noViolations(page, 'a question');
    await picture(page, 'desk-asked-fold');

    await page.keyboard.press('a');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Contact noteren' }).waitFor();
    await told(sent, Step.ACCEPTED);
    await page.getByRole('heading', { name: 'Wie is het' }).waitFor();
    await page.getByText('Een kind of jongere zorgt mee').first().waitFor();
    await noViolations(page, 'a follow-up');
    await picture(page, 'desk-taken-fold');

    // Who it is, only for a purpose.
    assert.equal(await page.getByText(sent.contact.phone).count(), 0);
    await page.getByRole('button', { name: 'Eerste keer bellen' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: sent.contact.phone }).waitFor();
    await page.getByText('Liefst na vier uur bellen.').waitFor();

    await page.keyboard.press('c');
    await page.getByRole('radio', { name: 'Gesproken' }).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await told(sent, Step.CONTACTED);

    // The reporter may hear of it before this desk does: what was asked for is closed only then.
    const dialog = page.getByRole('dialog');
    await dialog.waitFor({ state: 'hidden' });
    await page.keyboard.press('p');
    await dialog.getByLabel('Wanneer').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });

    await page.keyboard.press('f');
    await dialog.getByRole('radio', { name: 'Het hielp', exact: true }).focus();
    await page.keyboard.press('Space');
    await noViolations(page, 'closing');
    await page.keyboard.press('Enter');
    await told(sent, Step.CLOSED);

    await dialog.waitFor({ state: 'hidden' });
    await page.keyboard.press('?');
    await dialog.getByText('Aannemen (dan Enter)').waitFor();
    await noViolations(page, 'the keys');
    await picture(page, 'desk-keys-fold');
  });
});

test('what comes in is there without reloading', async () => {
  const first = await send(cleaner);
  const { service } = await askedOf(coordinator, first.receipt.situationId);
  await atDesk(service.organisationId, async (page) => {
    await lines(page).first().waitFor();
    const before = await lines(page).count();
    const began = Date.now();
    await send(cleaner);
    await page.waitForFunction((count) => document.querySelectorAll('.list li a').length > count, before);
    console.log(`# a new question is on the desk after ${Date.now() - began} ms`);
    await page.getByText(/Nog \d+|Vandaag|Tegen/).first().waitFor();
  });
});

test('on a phone the way back leads from a question to the list', async () => {
  const sent = await send(cleaner, { postalCode: '8460' });
  const { service, referralId } = await askedOf(coordinator, sent.receipt.situationId);
  await atDesk(
    service.organisationId,
    async (page) => {
      const line = page.locator(`.list a[href="/desk/${referralId}"]`);
      const accept = page.getByRole('button', { name: 'Aannemen', exact: true });
      await line.tap();
      await accept.waitFor();
      assert.equal(await line.isVisible(), false);
      await page.goBack();
      await line.waitFor();
      await accept.waitFor({ state: 'hidden' });
      assert.equal(new URL(page.url()).pathname, '/desk');
      await page.goForward();
      await accept.waitFor();
    },
    { viewport: PHONE },
  );
});

test('the way to the line breaks: it says so, and what was answered meanwhile is known afterwards', async () => {
  const sent = await send(cleaner, { postalCode: '8490' });
  const { service, referralId } = await askedOf(coordinator, sent.receipt.situationId);
  await atDesk(service.organisationId, async (page) => {
    const line = page.locator(`.list a[href="/desk/${referralId}"]`);
    await line.waitFor();
    const partner = await callsOf(stage.address, service.organisationId);
    await stage.network(false);
    await page.getByText('Verbinden').waitFor();
    await noViolations(page, 'cut off');
    await stage.network(true);
    // A colleague takes it before this desk is back.
    await partner.routing.accept({ referralId });
    await page.getByText('Vanzelf bijgewerkt').waitFor({ timeout: 45_000 });
    await line.getByText('Te contacteren').waitFor();
  });
});

test('a desk asks by their ids for its own questions, and for no other', async () => {
  const sent = await send(cleaner);
  const { service, referralId } = await askedOf(coordinator, sent.receipt.situationId);
  const [own, other] = await Promise.all([service.organisationId, 'alzheimer-liga'].map((name) => callsOf(stage.address, name)));
  const referralIds = [referralId];
  assert.equal((await own.routing.listReferrals({ referralIds })).referrals.length, 1);
  const { promises } = await until((found) => found.promises.length > 0, () => own.followup.listPromises({ referralIds }));
  assert.deepEqual([promises[0].referralId, promises[0].clock.kind], [referralId, ClockKind.ACCEPT]);
  assert.deepEqual((await other.routing.listReferrals({ referralIds })).referrals, []);
  assert.deepEqual((await other.followup.listPromises({ referralIds })).promises, []);
  const tooMany = { referralIds: Array.from({ length: 201 }, () => referralId) };
  await assert.rejects(own.routing.listReferrals(tooMany), (error) => problemOf(error).code === 'KL3020');
  await assert.rejects(own.followup.listPromises(tooMany), (error) => problemOf(error).code === 'KL4033');
});

test('S3: two professionals, one carer: one line at one desk, and both are told', async () => {
  const contact = { name: 'Voorbeeld Twee', phone: '0471 99 88 77' };
  const one = await send(cleaner, { contact, postalCode: '8450' });
  const { service, referralId } = await askedOf(coordinator, one.receipt.situationId);
  const other = await send(nurse, { contact, postalCode: '8450', reporterRole: ReporterRole.NURSE });
  assert.equal(other.receipt.situationId, one.receipt.situationId);
  await atDesk(service.organisationId, async (page) => {
    await page.locator(`.list a[href="/desk/${referralId}"]`).click();
    assert.equal(await lines(page).filter({ hasText: '8450' }).count(), 1);
    await page.getByRole('button', { name: 'Aannemen', exact: true }).click();
    await Promise.all([told(one, Step.ACCEPTED), told(other, Step.ACCEPTED)]);
  });
});

test('a hand-over is warm: who gives goes on until the other accepts, and then sees nothing of it', async () => {
  const sent = await send(cleaner, { postalCode: '8431' });
  const { situationId } = sent.receipt;
  const { service: giver, referralId } = await askedOf(coordinator, situationId);
  const asked = (page, id) => page.locator(`.list a[href="/desk/${id}"]`);
  await atDesk(giver.organisationId, async (page) => {
    await asked(page, referralId).click();
    await page.getByRole('button', { name: 'Aannemen', exact: true }).click();
    await page.getByRole('button', { name: 'Overdragen' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Overdragen' }).click();
    await dialog.getByRole('alert').waitFor();
    const others = dialog.locator('label').filter({ has: page.getByRole('radio'), hasNotText: giver.organisationName });
    await others.first().getByRole('radio').check();
    await noViolations(page, 'handing over');
    await dialog.getByRole('button', { name: 'Overdragen' }).click();
    await page.getByText('Tot de andere aanneemt, blijft u ervoor zorgen').waitFor();
    await page.getByRole('button', { name: 'Contact noteren' }).waitFor();
  });
  const next = await askedOf(coordinator, situationId);
  assert.equal(next.takesOverReferralId, referralId);
  await atDesk(next.service.organisationId, async (page) => {
    await asked(page, next.referralId).click();
    await page.getByText('Een andere dienst wil dit aan u overdragen').waitFor();
    await page.getByRole('button', { name: 'Aannemen', exact: true }).click();
    await page.getByRole('button', { name: 'Contact noteren' }).waitFor();
  });
  const before = await callsOf(stage.address, giver.organisationId);
  await assert.rejects(before.intake.getContact({ situationId, purpose: 'nog eens bellen' }));
  await atDesk(giver.organisationId, async (page) => {
    await page.getByText('Niets te doen').or(lines(page).first()).waitFor();
    assert.equal(await asked(page, referralId).count(), 0);
  });
});

test('what room there is is said with one tap, and stays said', async () => {
  const { service } = await askedOf(coordinator, (await send(cleaner)).receipt.situationId);
  const partner = await callsOf(stage.address, service.organisationId);
  await atDesk(service.organisationId, async (page) => {
    const room = page.getByRole('group', { name: service.name, exact: true });
    const full = room.getByRole('button', { name: 'Volzet' });
    await full.click();
    await page.getByText(`${service.name}: Volzet`).waitFor();
    assert.equal(await full.getAttribute('aria-pressed'), 'true');
    await page.reload();
    await room.getByRole('button', { name: 'Volzet', pressed: true }).waitFor();
    const { services } = await partner.routing.listServices({});
    assert.equal(services.find(({ serviceId }) => serviceId === service.serviceId).capacity.state, CapacityState.FULL);
    await room.getByRole('button', { name: 'Er is plaats' }).click();
    await room.getByRole('button', { name: 'Er is plaats', pressed: true }).waitFor();
  });
});

test('the cared-for person objects: it is written down, and the story says so', async () => {
  const sent = await send(cleaner, { postalCode: '8434' });
  const { service, referralId } = await askedOf(coordinator, sent.receipt.situationId);
  await atDesk(service.organisationId, async (page) => {
    await page.locator(`.list a[href="/desk/${referralId}"]`).click();
    await page.getByRole('button', { name: 'Aannemen', exact: true }).click();
    await page.getByRole('button', { name: 'De zorgvrager heeft bezwaar' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Bewaren' }).click();
    await dialog.getByText('Kies een van de twee.').waitFor();
    await dialog.getByRole('radio', { name: 'Deel niets over mij' }).check();
    await noViolations(page, 'an objection');
    await picture(page, 'desk-objection-fold');
    await dialog.getByRole('button', { name: 'Bewaren' }).click();
    await page.locator('ol .what').filter({ hasText: 'De zorgvrager heeft bezwaar' }).waitFor({ timeout: 45_000 });
  });
});

test('S7: no room here: the next one is asked, and when none is left the coordinator', async () => {
  const sent = await send(cleaner, { observations: [Observation.TASKS_TOO_HEAVY], ageBand: AgeBand.FROM_26_TO_64, postalCode: '8480' });
  const asked = [];
  for (let turn = 0; turn < 12; turn += 1) {
    const waiting = await until(
      (found) => found.items.length > 0 || found.referrals.length > 0,
      async () => {
        const { referrals } = await coordinator.routing.listReferrals({ openOnly: true, pageSize: 200 });
        const { items } = await coordinator.routing.listItems({});
        const mine = ({ situationId }) => situationId === sent.receipt.situationId;
        return { referrals: referrals.filter(mine), items: items.filter(mine) };
      },
    );
    const [referral] = waiting.referrals;
    if (!referral) break;
    assert.ok(!asked.includes(referral.service.serviceId), 'nobody is asked twice');
    asked.push(referral.service.serviceId);
    await atDesk(referral.service.organisationId, async (page) => {
      await page.locator(`.list a[href="/desk/${referral.referralId}"]`).click();
      await page.getByRole('button', { name: 'Niet aannemen' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Niet aannemen' }).click();
      await dialog.getByText('Kies een reden').waitFor();
      if (turn === 0) await noViolations(page, 'declining');
      await dialog.getByRole('radio', { name: 'Geen plaats' }).check();
      await dialog.getByRole('button', { name: 'Niet aannemen' }).click();
      await page.getByText('De volgende wordt gevraagd').waitFor();
    });
  }
  assert.ok(asked.length >= 1);
  const { items } = await coordinator.routing.listItems({});
  assert.ok(items.some(({ situationId }) => situationId === sent.receipt.situationId), 'the coordinator has it');
  console.log(`# asked ${asked.length} services, then the coordinator`);
});

test('S11: helped, says the partner; not helped, says the carer: it is on the desk again', async () => {
  const sent = await send(cleaner, { postalCode: '8420' });
  const { service, referralId } = await askedOf(coordinator, sent.receipt.situationId);
  await atDesk(service.organisationId, async (page) => {
    await page.locator(`.list a[href="/desk/${referralId}"]`).click();
    await page.getByRole('button', { name: 'Aannemen', exact: true }).click();
    await page.getByRole('button', { name: 'Afronden' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Het hielp', exact: true }).check();
    await dialog.getByRole('button', { name: 'Afronden' }).click();
    await told(sent, Step.CLOSED);
    await page.getByRole('button', { name: 'Kaart: hielp het?' }).click();
    await dialog.getByRole('img', { name: 'Kaart met een QR-code' }).waitFor();
    await noViolations(page, 'the card');
    await picture(page, 'desk-card-fold');
    await printed(page, page.getByRole('img', { name: 'Kaart met een QR-code' }));
    await dialog.getByText('De link zelf').click();
    const link = new URL(await dialog.locator('code').innerText());
    const carer = await page.context().newPage();
    // Wherever carers' links lead to: the door is the end of the path.
    await carer.goto(`${stage.address}/${link.pathname.split('/').at(-1)}${link.hash}`);
    await carer.getByRole('group', { name: 'Heeft het u geholpen?' }).getByRole('radio', { name: 'Nee' }).check();
    await carer.getByRole('group', { name: 'Wilt u dat iemand u opbelt?' }).getByRole('radio', { name: 'Nee' }).check();
    await carer.getByRole('button', { name: 'Versturen' }).click();
    await told(sent, Step.REOPENED);
    await carer.close();
    await page.bringToFront();
    await page.keyboard.press('Escape');
    await page.getByText('Opnieuw geopend').first().waitFor({ timeout: 45_000 });
  });
});

/** On paper there is the card alone, as large as a bank card. */
async function printed(page, card) {
  await page.emulateMedia({ media: 'print' });
  const { width, height } = await card.boundingBox();
  const millimetres = (pixels) => Math.round((pixels / 96) * 25.4);
  assert.deepEqual([millimetres(width), millimetres(height)], [85, 54]);
  assert.equal(await page.getByRole('heading', { name: 'Werkblad' }).first().isVisible(), false);
  await page.emulateMedia({ media: null });
}

test('a thousand questions scroll without jank', async () => {
  const wanted = 1_000;
  for (let sent = 0; sent < wanted; sent += 100) {
    const signals = Array.from({ length: 100 }, (_, at) => signal({ postalCode: '9000', contact: { name: `Voorbeeld ${sent + at}`, phone: '' } }));
    await cleaner.intake.submitSignals({ signals });
  }
  const anyone = await askedOf(coordinator, (await send(cleaner, { postalCode: '9000' })).receipt.situationId);
  const partner = await callsOf(stage.address, anyone.service.organisationId);
  await until(
    (count) => count >= wanted,
    async () => {
      let count = 0;
      let pageToken = '';
      do {
        const page = await partner.routing.listReferrals({ openOnly: true, pageSize: 200, pageToken });
        count += page.referrals.length;
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return count;
    },
    60_000,
  );
  await atDesk(anyone.service.organisationId, async (page) => {
    await page.waitForFunction((count) => Number(document.querySelector('.parts .count')?.textContent) >= count, wanted);
    await page.waitForTimeout(1_500);
    const drawn = await lines(page).count();
    assert.ok(drawn < 60, `${drawn} lines are drawn at once`);
    const measured = await page.evaluate(scrollThrough);
    console.log(`# ${wanted} questions, ${drawn} lines drawn, scrolled in ${measured.frames} frames: half within ${measured.median.toFixed(1)} ms, longest ${measured.longest.toFixed(1)} ms, ${measured.slow} over 50 ms, ${measured.tasks} long tasks`);
    // What this page does itself is in the long tasks; a frame also waits for whoever else uses the machine.
    assert.ok(measured.tasks <= 1, `${measured.tasks} long tasks`);
    assert.ok(measured.median < 34, `half of the frames took more than ${measured.median} ms`);
    for (let key = 0; key < 30; key += 1) await page.keyboard.press('j');
    assert.ok(await page.locator('.list a[aria-current]').isVisible());
    await picture(page, 'desk-thousand-fold');
  });
});

/** In the browser: scrolls through the list as a wheel does, and measures each frame. */
async function scrollThrough() {
  const scroller = document.querySelector('.list .scroller');
  let tasks = 0;
  const observer = new PerformanceObserver((list) => (tasks += list.getEntries().length));
  observer.observe({ type: 'longtask' });
  const times = [];
  let last = performance.now();
  for (let frame = 0; frame < 240; frame += 1) {
    scroller.scrollTop += 350;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  observer.disconnect();
  const sorted = times.slice(1).sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)];
  return { frames: times.length, median, longest: sorted.at(-1), slow: sorted.filter((time) => time > 50).length, tasks };
}

for (const [size, viewport] of [['phone', PHONE], ['desk', DESK]]) {
  for (const dark of [false, true]) {
    test(`every state, ${size}, ${dark ? 'dark' : 'light'}`, async () => {
      const sent = await send(cleaner, { postalCode: '8460' });
      const { service, referralId } = await askedOf(coordinator, sent.receipt.situationId);
      const name = (what) => `${size}-desk-${what}${dark ? '-dark' : ''}-fold`;
      await atDesk(
        service.organisationId,
        async (page) => {
          const look = async (what) => {
            await noViolations(page, name(what));
            await picture(page, name(what));
          };
          await lines(page).first().waitFor();
          await look('list');
          await page.goto(`${stage.address}/desk/${referralId}`);
          await page.getByRole('button', { name: 'Aannemen', exact: true }).waitFor();
          await look('question');
          await page.getByRole('button', { name: 'Aannemen', exact: true }).click();
          await page.getByRole('button', { name: 'Contact noteren' }).waitFor();
          await page.getByText('Wat er al gebeurde').waitFor();
          await look('follow-up');
          await page.getByRole('button', { name: 'Vragenlijst' }).click();
          await page.getByRole('dialog').getByRole('button', { name: 'Bewaar antwoorden' }).waitFor();
          await look('questionnaire');
          await page.keyboard.press('Escape');
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= viewport.width, `${wide} pixels wide`);
        },
        { viewport, dark },
      );
    });
  }
}
