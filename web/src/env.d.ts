/// <reference types="svelte" />
/// <reference types="vite/client" />

/** Which build this is. */
declare const __BUILD__: string;

declare module 'virtual:zones' {
  const lines: string;
  export default lines;
}

declare module 'virtual:postal-codes' {
  const lines: string;
  export default lines;
}
