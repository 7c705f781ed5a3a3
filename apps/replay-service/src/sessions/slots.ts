/** So many at once, and so many more in line. */
export class Slots {
  #taken = 0;
  readonly #line: ((given: boolean) => void)[] = [];

  constructor(private readonly bounds: { readonly running: number; readonly waiting: number }) {}

  /** False where the line is full, or did not move for so long; whoever got one gives it back. */
  take(waitMs: number): Promise<boolean> {
    if (this.#taken < this.bounds.running) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    if (waitMs <= 0 || this.#line.length >= this.bounds.waiting) return Promise.resolve(false);
    return new Promise((resolve) => {
      const give = (given: boolean): void => {
        clearTimeout(timer);
        resolve(given);
      };
      const timer = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(give), 1);
        resolve(false);
      }, waitMs);
      this.#line.push(give);
    });
  }

  giveBack(): void {
    const next = this.#line.shift();
    if (next) next(true);
    else this.#taken -= 1;
  }
}
