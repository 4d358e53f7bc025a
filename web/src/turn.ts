/** A tab that nobody looks at draws nothing: it goes on after so long. */
const LONGEST = 100;

/** Ends a piece of work here: what there is so far is drawn, and a tap is answered, before the next one. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const unseen = setTimeout(resolve, LONGEST);
    requestAnimationFrame(() => {
      clearTimeout(unseen);
      setTimeout(resolve);
    });
  });
}
