import { serverNow } from './api/clock';

/** What concerns the whole app, whatever page is open. */
export const app = $state({
  /** Whether the device says that it has a network. It may be wrong; calls tell. */
  online: navigator.onLine,
  /** The server has another version than this app. */
  stale: false,
  /** Everybody here is invented. */
  demo: false,
  version: '',
});

addEventListener('online', () => (app.online = true));
addEventListener('offline', () => (app.online = false));

/** A clock that is a minute off or more is told: the times on screen are then those of the phone. */
export function clockIsWrong(): boolean {
  const server = serverNow();
  return server !== undefined && Math.abs(server.getTime() - Date.now()) > 60_000;
}
