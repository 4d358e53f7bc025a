/** The secret part of a carer's link stands behind a `#`: it stays in the page's address, which the
 * browser keeps to itself, and goes from there into the call and nowhere else. */
export function tokenOf(hash: string): string | undefined {
  return /^#([A-Za-z0-9_-]{43})$/.exec(hash)?.[1];
}

/** What somebody did, of a sentence that begins with who it was. */
export function deed(sentence: string, organisation: string): string {
  return organisation !== '' && sentence.startsWith(organisation) ? sentence.slice(organisation.length).trim() : sentence;
}

/** What is written in capitals: sorts of services that everybody here knows by their letters. */
const LETTERS = new Set(['caw', 'cgg', 'dmw', 'elp', 'lm', 'ocmw', 'vaph']);

/** An organisation's id in words that can be read: intake, which the carer asks, knows no names. */
export function readable(organisation: string): string {
  const words = organisation.split(/[-_ ]+/).filter(Boolean);
  return words.map((word) => (LETTERS.has(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1))).join(' ');
}
