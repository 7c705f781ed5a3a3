/** What was compiled, by its text. The oldest goes first: nothing that grows with use may grow without end. */
export class BoundedCache<T> {
  private readonly entries = new Map<string, T>();
  constructor(private readonly entriesMax: number) {}

  get(text: string, make: () => T): T {
    const known = this.entries.get(text);
    if (known !== undefined) return known;
    const made = make();
    if (this.entries.size >= this.entriesMax) {
      for (const oldest of this.entries.keys()) {
        this.entries.delete(oldest);
        break;
      }
    }
    this.entries.set(text, made);
    return made;
  }
}
