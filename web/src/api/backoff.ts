/** How long to wait before trying again: longer each time, up to a limit, and never all at once. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly first = 1_000,
    private readonly most = 60_000,
    private readonly random: () => number = Math.random,
  ) {}

  /** After one more failure; the server may have said how long at least. */
  next(atLeast = 0): number {
    const whole = Math.min(this.most, this.first * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    return Math.max(atLeast, whole / 2 + (whole / 2) * this.random());
  }

  reset(): void {
    this.#failures = 0;
  }
}
