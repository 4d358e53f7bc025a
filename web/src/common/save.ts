import { app } from '../app.svelte';

/** Lets the browser keep a text as a file. Where everything is invented, the file's name says so too. */
export function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = app.demo ? `voorbeeld-${name}` : name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
