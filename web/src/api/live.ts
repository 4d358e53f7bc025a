import type { CallOptions, Problem } from '@knipperlicht/client';

import { ask } from './calls';
import { caught } from './problem';
import { Backoff } from './backoff';

export type LiveState = { is: 'connecting' } | { is: 'live' } | { is: 'waiting'; problem: Problem } | { is: 'refused'; problem: Problem };

/** A stream is quiet for so long at most before it is opened anew: phones change networks without
 * telling anybody. */
const OLDEST_STREAM = 10 * 60_000;

interface Watching<T> {
  /** Opens the stream, with these options. The server begins with the present state, so nothing is
   * missed in between. */
  open: (options: CallOptions) => Promise<AsyncIterable<T>>;
  take: (item: T) => void;
  state: (state: LiveState) => void;
}

/** Keeps a stream open for as long as the page is looked at. Returns what ends it. */
export function live<T>(watching: Watching<T>): () => void {
  const ended = new AbortController();
  let wake: (() => void) | undefined;
  let connection: AbortController | undefined;
  const look = (): void => {
    if (document.visibilityState === 'hidden') connection?.abort();
    else wake?.();
  };
  const options = { signal: ended.signal };
  addEventListener('online', () => wake?.(), options);
  document.addEventListener('visibilitychange', look, options);

  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (document.visibilityState !== 'hidden') setTimeout(resolve, milliseconds);
      ended.signal.addEventListener('abort', () => resolve(), { once: true });
    });

  const run = async (): Promise<void> => {
    const backoff = new Backoff(1_000, 30_000);
    while (!ended.signal.aborted) {
      watching.state({ is: 'connecting' });
      connection = new AbortController();
      const limit = setTimeout(() => connection?.abort(), OLDEST_STREAM);
      ended.signal.addEventListener('abort', () => connection?.abort(), { once: true });
      const { signal } = connection;
      const onHeader = (): void => {
        backoff.reset();
        watching.state({ is: 'live' });
      };
      try {
        await ask(async () => {
          // Without the deadline that other calls have.
          for await (const item of await watching.open({ signal, onHeader, timeoutMs: 0 })) watching.take(item);
        });
        await pause(backoff.next());
      } catch (thrown) {
        const problem = caught(thrown);
        if (ended.signal.aborted) return;
        if (signal.aborted) {
          await pause(document.visibilityState === 'hidden' ? 0 : 200);
        } else if (problem.isPassing) {
          watching.state({ is: 'waiting', problem });
          await pause(backoff.next(problem.retryAfter));
        } else {
          watching.state({ is: 'refused', problem });
          return;
        }
      } finally {
        clearTimeout(limit);
      }
    }
  };
  void run();
  return () => ended.abort();
}
