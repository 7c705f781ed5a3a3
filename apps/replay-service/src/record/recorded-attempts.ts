import { type ExecutionId, executionRef, type Tenant } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { type AttemptRecords, attemptRecords } from '@throughline/history';

/** Originals whose attempts are kept at hand, and for how long: one that still runs gets new answers. */
const ORIGINALS_MAX = 8;
const KEPT_MS = 2_000;

interface Kept {
  /** Counted from when it was read. */
  untilMs: number;
  readonly records: Promise<AttemptRecords>;
}

/** The attempts of originals by their place, read from the log. */
export class RecordedAttempts {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly log: EventLog) {}

  /** Those that were answered after commit `at`. */
  of(tenant: Tenant, executionId: ExecutionId, at: number): Promise<AttemptRecords> {
    const key = `${tenant}/${executionId}/${at}`;
    const nowMs = performance.now();
    const known = this.kept.get(key);
    if (known && known.untilMs > nowMs) return known.records;
    this.kept.delete(key);
    const records = this.read(tenant, executionId, at);
    const kept = { records, untilMs: Infinity };
    this.kept.set(key, kept);
    // A failure is the asker's to see, and not kept.
    records.then(
      () => (kept.untilMs = performance.now() + KEPT_MS),
      () => this.kept.delete(key),
    );
    const [oldest] = this.kept.size > ORIGINALS_MAX ? this.kept.keys() : [];
    if (oldest !== undefined) this.kept.delete(oldest);
    return records;
  }

  private async read(tenant: Tenant, executionId: ExecutionId, at: number): Promise<AttemptRecords> {
    const read = await this.log.read(executionRef(tenant, executionId));
    if (read.kind === 'unreadable') throw new Error(`execution ${executionId}: ${read.problem}`);
    return attemptRecords(read.commits, at);
  }
}
