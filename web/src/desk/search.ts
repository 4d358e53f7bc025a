import { word } from '../common/codes';
import { plain } from '../common/letters';
import { zoneName } from '../common/zones';
import type { Work } from './inbox';

/** Work of which the needs, the place or the language have these letters. Who it is about is not
 * known here, and cannot be looked for. */
export function matchingWork(work: readonly Work[], wanted: string): readonly Work[] {
  const letters = plain(wanted.trim());
  return letters === '' ? work : work.filter((one) => words(one).includes(letters));
}

function words({ referral, task, zoneId }: Work): string {
  const said = referral
    ? [...referral.needs.map((need) => word('need', need)), referral.postalCode, word('language', referral.language), referral.service?.name ?? '']
    : [];
  return plain([...said, zoneName(zoneId), task ? word('follow_up_state', task.state) : ''].join(' '));
}
