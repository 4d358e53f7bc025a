/// <reference lib="webworker" />
/** Keeps the app on the phone, so that it starts without network, and sends what waits when the
 * network is back, also with the app closed. */
import { clientsClaim } from 'workbox-core';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

import { callAs } from '../api/calls';
import { sendAll } from '../outbox/send';
import { fresh, kept } from '../session/keeper';
import { ownerOf } from '../store/vault';

declare const self: ServiceWorkerGlobalScope;

/** What is kept on the phone, said by the build. */
declare const __KEPT__: { url: string; revision: string | null }[];

interface SyncEvent extends ExtendableEvent {
  tag: string;
  lastChance: boolean;
}

precacheAndRoute(__KEPT__);
cleanupOutdatedCaches();
clientsClaim();
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [/^\/api(\/|$)/, /^\/dev\//, /^\/app\//, /^\/knipperlicht\./, /\.json$/],
  }),
);

callAs({
  token: async (refused, owner) => {
    const session = await fresh(refused);
    const isTheirs = session && (owner === undefined || owner === (await ownerOf(session.who.subject)));
    return isTheirs ? session.token : undefined;
  },
  language: () => 'nl',
  noticed: () => undefined,
});

// A new version waits until somebody says so: nobody's page changes under their fingers.
self.addEventListener('message', (event) => {
  if ((event.data as { kind?: unknown } | null)?.kind === 'take_over') void self.skipWaiting();
});

self.addEventListener('sync', (event) => {
  const sync = event as SyncEvent;
  if (sync.tag === 'knipperlicht.send') sync.waitUntil(send());
});

async function send(): Promise<void> {
  const session = await fresh();
  // Without a token only the person can go on, in the app.
  if (!session?.token || session.who.role !== 'reporter') return;
  const sent = await sendAll(await ownerOf(session.who.subject));
  if (sent.is === 'done' || (sent.problem?.kind === 'sign_in' && !(await kept())?.token)) return;
  // Something waits still: the browser tries again later, of its own accord.
  throw sent.problem ?? new Error('the server takes none of them now');
}
