const IDS_MAX = 50_000;

/** What was published again a while ago, so that it is not published again and again. Oldest first; bounded. */
export class SentLately {
  private readonly nowMs: () => number;
  private readonly sentAtMs = new Map<string, number>();

  constructor(nowMs: () => number = Date.now) {
    this.nowMs = nowMs;
  }

  /** True, and noted, where it was not sent within the last `againMs`. */
  maySend(id: string, againMs: number): boolean {
    const last = this.sentAtMs.get(id);
    const now = this.nowMs();
    if (last !== undefined && now - last < againMs) return false;
    this.sentAtMs.delete(id);
    this.sentAtMs.set(id, now);
    if (this.sentAtMs.size > IDS_MAX) {
      const oldest = this.sentAtMs.keys().next();
      if (!oldest.done) this.sentAtMs.delete(oldest.value);
    }
    return true;
  }
}
