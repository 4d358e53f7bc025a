import { expect, it, vi } from 'vitest';

it('knows which part of a page is open, and where the way back leads', async () => {
  // A browser that goes where it is told, and back.
  const place = { pathname: '/desk' };
  const before: string[] = [];
  let turned = (): void => undefined;
  vi.stubGlobal('location', place);
  vi.stubGlobal('scrollTo', () => undefined);
  vi.stubGlobal('document', { addEventListener: () => undefined });
  vi.stubGlobal('addEventListener', (_: string, listener: () => void) => (turned = listener));
  vi.stubGlobal('history', {
    pushState: (_state: unknown, _title: string, to: string) => {
      before.push(place.pathname);
      place.pathname = to;
    },
    replaceState: (_state: unknown, _title: string, to: string) => (place.pathname = to),
  });
  const back = (): void => {
    place.pathname = before.pop() ?? '';
    turned();
  };
  const { arrivals, path, show, startRouter } = await import('./router.svelte');
  startRouter();

  show('/desk/a', 'push');
  show('/desk/b', 'replace');
  expect([path(), place.pathname]).toEqual(['/desk/b', '/desk/b']);
  expect(arrivals()).toBe(0);
  back();
  expect(path()).toBe('/desk');
});
