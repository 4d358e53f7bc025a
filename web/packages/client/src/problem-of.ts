import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Code, ConnectError } from '@connectrpc/connect';

import { Problem, type ProblemKind } from './problem.js';

/** Whatever was thrown by a call, as a problem. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const error = ConnectError.from(thrown);
  const serverTime = dateOf(error.metadata);
  let code = '';
  let field = '';
  let retryAfter: number | undefined;
  for (const detail of error.details) {
    if (!('type' in detail) || !(detail.value instanceof Uint8Array)) continue;
    const fields = textsAndMessages(detail.value);
    if (detail.type === 'google.rpc.ErrorInfo') code = text(fields.get(1)?.[0]);
    if (detail.type === 'google.rpc.BadRequest') {
      const first = fields.get(1)?.[0];
      if (first instanceof Uint8Array) field = text(textsAndMessages(first).get(1)?.[0]);
    }
    if (detail.type === 'google.rpc.RetryInfo') retryAfter = delay(fields.get(1)?.[0]);
  }
  code ||= /^(KL\d{4}):/.exec(error.rawMessage)?.[1] ?? '';
  return new Problem(kindOf(error, code), code, error.rawMessage, field, retryAfter, serverTime);
}

function kindOf(error: ConnectError, code: string): ProblemKind {
  switch (error.code) {
    case Code.InvalidArgument:
    case Code.OutOfRange:
      return 'invalid';
    case Code.Unauthenticated:
      return 'sign_in';
    case Code.PermissionDenied:
      return 'forbidden';
    case Code.NotFound:
      return 'not_found';
    case Code.FailedPrecondition:
    case Code.AlreadyExists:
    case Code.Aborted:
      return 'conflict';
    case Code.ResourceExhausted:
      return 'busy';
    case Code.Unimplemented:
      return 'stale';
    case Code.DeadlineExceeded:
    case Code.Canceled:
      return 'timeout';
    case Code.Unavailable:
      return code === '' ? 'offline' : 'busy';
    case Code.Unknown:
      // `fetch` that reaches nobody throws a TypeError, and nothing else tells.
      return error.cause instanceof TypeError ? 'offline' : 'internal';
    default:
      return error.cause instanceof TypeError ? 'offline' : 'internal';
  }
}

function dateOf(metadata: Headers): Date | undefined {
  const date = new Date(metadata.get('date') ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}

type Value = Uint8Array | bigint;

/** The fields of a message of which only texts, messages and whole numbers matter. */
function textsAndMessages(bytes: Uint8Array): Map<number, Value[]> {
  const found = new Map<number, Value[]>();
  const keep = (number: number, value: Value): void => {
    found.set(number, [...(found.get(number) ?? []), value]);
  };
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (wireType === 2) keep(number, reader.bytes());
      else if (wireType === 0) keep(number, BigInt(reader.int64()));
      else reader.skip(wireType, number);
    }
  } catch {
    // Details are a help, never a reason to lose the error itself.
    return found;
  }
  return found;
}

function text(value: Value | undefined): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : '';
}

/** A `google.protobuf.Duration` in milliseconds. */
function delay(value: Value | undefined): number | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const fields = textsAndMessages(value);
  const [seconds, nanos] = [fields.get(1)?.[0], fields.get(2)?.[0]];
  const whole = typeof seconds === 'bigint' ? Number(seconds) * 1000 : 0;
  return whole + (typeof nanos === 'bigint' ? Number(nanos) / 1e6 : 0);
}
