import { tick } from 'svelte';

/** Where the app is. Only the path decides: a query or what stands behind `#` never leaves the page. */
const place = $state({ path: location.pathname, arrivals: 0 });

export function path(): string {
  return place.path;
}

/** Goes to a path of the app. */
export async function go(to: string, { replace = false } = {}): Promise<void> {
  if (to === location.pathname) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  await arrive();
}

/** The page that is open shows another part of itself: the path says so, and nobody arrives anywhere. */
export function show(to: string, way: 'push' | 'replace'): void {
  history[way === 'push' ? 'pushState' : 'replaceState'](null, '', to);
  place.path = to;
}

/** Keeps to the app what a link of the app leads to. Called once. */
export function startRouter(): void {
  addEventListener('popstate', () => void arrive());
  document.addEventListener('click', (event) => {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!plain || event.defaultPrevented || !(event.target instanceof Element)) return;
    const link = event.target.closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    void go(link.pathname);
  });
}

async function arrive(): Promise<void> {
  place.path = location.pathname;
  place.arrivals += 1;
  await tick();
  scrollTo(0, 0);
}

/** Counts arrivals: a page's heading takes the focus on each but the first, which is the browser's. */
export function arrivals(): number {
  return place.arrivals;
}
