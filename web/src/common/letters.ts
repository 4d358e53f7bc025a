/** Letters without their accents, capitals or dashes, so that what is typed is found however it is written. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[-\s]+/g, ' ').toLowerCase();
}
