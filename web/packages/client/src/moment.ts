import type { Timestamp } from '@bufbuild/protobuf/wkt';

/** A moment of the contracts as a date; like everything here that is no call, it needs nothing to be
 * loaded besides itself. */
export function timestampDate(timestamp: Timestamp): Date {
  return new Date(Number(timestamp.seconds) * 1000 + Math.round(timestamp.nanos / 1e6));
}
