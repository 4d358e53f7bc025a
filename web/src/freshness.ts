import { app } from './app.svelte';
import { config } from './api/config';

const OFTEN = 15 * 60_000;

/** Looks now and then whether the server has a newer app than this one, and says so: nobody's page is
 * taken away while they type, and what waits on the phone stays. */
export function watchFreshness(): void {
  const look = async (): Promise<void> => {
    if (document.visibilityState === 'hidden' || !navigator.onLine) return;
    try {
      const said = await config();
      app.demo = said.demo;
      app.version = said.version;
      const response = await fetch('/build.json', { cache: 'no-store' });
      const { build } = (await response.json()) as { build?: unknown };
      if (typeof build === 'string' && build !== __BUILD__) {
        app.stale = true;
        await (await navigator.serviceWorker?.getRegistration())?.update();
      }
    } catch {
      // Without network nothing is known; the next look tells.
    }
  };
  void look();
  setInterval(() => void look(), OFTEN);
  document.addEventListener('visibilitychange', () => void look());
  addEventListener('online', () => void look());
}

/** Starts the newest app. */
export async function refresh(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const waiting = registration?.waiting;
  if (waiting) {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    waiting.postMessage({ kind: 'take_over' });
    // A worker that does not answer is no reason to stay.
    setTimeout(() => location.reload(), 3_000);
  } else {
    location.reload();
  }
}
