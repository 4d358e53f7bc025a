/** Short word of something that was done. What needs an answer, or must not be missed, is a banner. */
export interface Toast {
  id: number;
  text: string;
}

/** Long enough to read it twice. */
const SHOWN = 7_000;

let last = 0;
export const toasts = $state<Toast[]>([]);

export function toast(text: string): void {
  const id = (last += 1);
  toasts.push({ id, text });
  setTimeout(() => dismiss(id), SHOWN);
}

export function dismiss(id: number): void {
  const at = toasts.findIndex((one) => one.id === id);
  if (at >= 0) toasts.splice(at, 1);
}
