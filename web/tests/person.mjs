// A person with a phone: taps once a second, types a digit in a third of one, and counts.

const TAP = 1_000;
const DIGIT = 300;

export class Person {
  taps = 0;
  #page;
  #begun = 0;

  constructor(page) {
    this.#page = page;
  }

  begin() {
    this.#begun = Date.now();
    this.taps = 0;
  }

  /** Seconds since `begin`. */
  get seconds() {
    return (Date.now() - this.#begun) / 1000;
  }

  async tap(locator) {
    await this.#page.waitForTimeout(TAP);
    await locator.tap();
    this.taps += 1;
  }

  async type(locator, text) {
    await this.#page.waitForTimeout(TAP);
    await locator.focus();
    await locator.pressSequentially(text, { delay: DIGIT });
  }
}
