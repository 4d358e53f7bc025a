/** What sort of problem it is: what the caller can do about it. */
export type ProblemKind =
  /** The server cannot be reached: wait for the network. */
  | 'offline'
  /** No answer in time: whether it took effect is not known. */
  | 'timeout'
  /** We do not know who asks: sign in. */
  | 'sign_in'
  | 'forbidden'
  | 'not_found'
  /** The request is wrong: change it. */
  | 'invalid'
  /** It no longer goes with the present state: look again. */
  | 'conflict'
  /** Too much at once, or something is away: come back later. */
  | 'busy'
  /** The server does not know this call: the app and the server are not of one version. */
  | 'stale'
  /** A mistake on the server's side. */
  | 'internal';

/** Why a call failed. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly kind: ProblemKind,
    /** The error's code, such as `KL1007`; empty when the server gave none. */
    readonly code: string,
    message: string,
    /** The field at fault, such as `signal.postal_code`. */
    readonly field = '',
    /** How long to wait before trying again, in milliseconds, where the server says. */
    readonly retryAfter: number | undefined = undefined,
    /** What the server's clock said, where it answered. */
    readonly serverTime: Date | undefined = undefined,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later as it is. */
  get isPassing(): boolean {
    return this.kind === 'offline' || this.kind === 'timeout' || this.kind === 'busy' || this.kind === 'internal';
  }
}
