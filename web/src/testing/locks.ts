/** The locks of a browser, for tests that run without one: who asks for a name waits for whoever had it. */
export class Locks {
  #last = new Map<string, Promise<unknown>>();

  request<T>(name: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(name) ?? Promise.resolve()).then(work);
    this.#last.set(name, done.catch(() => undefined));
    return done;
  }
}
