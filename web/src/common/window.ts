/** Which rows of a long list are drawn: those in view and a few beyond, so that the browser never has
 * a thousand of them. */
export interface Drawn {
  first: number;
  /** The one after the last. */
  end: number;
}

export function drawn(scrolled: number, height: number, row: number, count: number, beyond = 6): Drawn {
  if (row <= 0 || count <= 0) return { first: 0, end: 0 };
  const first = Math.floor(Math.max(0, scrolled) / row) - beyond;
  const end = Math.ceil((Math.max(0, scrolled) + Math.max(0, height)) / row) + beyond;
  const clamp = (value: number): number => Math.min(count, Math.max(0, value));
  return { first: clamp(Math.min(first, count - 1)), end: clamp(end) };
}

/** Where to scroll so that a row is in view: as little as can be. */
export function scrolledTo(index: number, scrolled: number, height: number, row: number): number {
  const top = index * row;
  if (top < scrolled) return top;
  return top + row > scrolled + height ? top + row - height : scrolled;
}
