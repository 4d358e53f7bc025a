import './design/base.css';
import './design/theme.svelte';

import { mount } from 'svelte';

import App from './App.svelte';
import { callAs } from './api/calls';
import { app } from './app.svelte';
import { watchFreshness } from './freshness';
import { startSending } from './outbox/sending.svelte';
import { startRouter } from './router/router.svelte';
import { routeOf } from './routes';
import { resume, token } from './session/session.svelte';
import { language, loadTexts } from './texts/index.svelte';
import { turn } from './turn';

callAs({
  token,
  language,
  noticed: (problem) => {
    if (problem.kind === 'stale') app.stale = true;
  },
});

const LATER = 1_000;

async function start(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) return;
  // The page that is asked for comes at the same time as the rest, not after it.
  const page = routeOf(location.pathname)?.route;
  const ahead = page && Promise.all([page.load(), loadTexts(page.texts)]);
  ahead?.catch(() => undefined);
  await Promise.all([loadTexts([]), resume().catch(() => undefined)]);
  await turn();
  startRouter();
  // What stood there from the first moment on.
  target.replaceChildren();
  mount(App, { target });
  watchFreshness();
  void startSending();
  if ('serviceWorker' in navigator && import.meta.env.PROD) keepOnPhone();
}

/** Once what is looked at is there: the rest of the app would only be in its way. */
function keepOnPhone(): void {
  const register = (): void => void navigator.serviceWorker.register('/sw.js').catch(() => undefined);
  if (document.readyState === 'complete') setTimeout(register, LATER);
  else addEventListener('load', () => setTimeout(register, LATER), { once: true });
}

void start();
