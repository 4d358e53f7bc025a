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

callAs({
  token,
  language,
  noticed: (problem) => {
    if (problem.kind === 'stale') app.stale = true;
  },
});

async function start(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) return;
  // The page that is asked for comes at the same time as the rest, not after it.
  const page = routeOf(location.pathname)?.route;
  const ahead = page && Promise.all([page.load(), loadTexts(page.texts)]);
  ahead?.catch(() => undefined);
  await Promise.all([loadTexts([]), resume().catch(() => undefined)]);
  startRouter();
  mount(App, { target });
  watchFreshness();
  void startSending();
  if ('serviceWorker' in navigator && import.meta.env.PROD) {
    await navigator.serviceWorker.register('/sw.js').catch(() => undefined);
  }
}

void start();
