import { FencingGate } from '@throughline/worker-sdk';

/** One write of a firmware, however often it was begun: its idempotency key says which one it is. */
export interface Session {
  readonly id: string;
  /** The execution that writes. */
  readonly by: string;
  readonly firmware: string;
  readonly blocks: number;
  readonly fencingToken: number;
  blocksWritten: number;
  outcome: 'open' | 'committed' | 'put back';
}

export type Begun = { readonly kind: 'begun'; readonly session: Session } | { readonly kind: 'refused' };

const FACTORY_FIRMWARE = '1.0.0';
const SESSIONS_MAX = 1_000;

/** A thing that must not be written by two at a time. It takes who comes with the highest token, and counts what went wrong. */
export class Asset {
  readonly name: string;
  firmware = FACTORY_FIRMWARE;
  /** Sessions that were begun while another one was open: what a lock is there to prevent. */
  overlaps = 0;
  /** Requests with a token lower than one seen before. */
  refused = 0;
  readonly #gate = new FencingGate();
  readonly #sessions = new Map<string, Session>();
  readonly #backups = new Map<string, string>();

  constructor(name: string) {
    this.name = name;
  }

  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  session(id: string): Session | undefined {
    return this.sessions.find((session) => session.id === id);
  }

  begin(key: string, wanted: { by: string; firmware: string; blocks: number }, fencingToken: number): Begun {
    if (!this.admits(fencingToken)) return { kind: 'refused' };
    const before = this.#sessions.get(key);
    if (before?.outcome === 'committed') return { kind: 'begun', session: before };
    if (this.sessions.some((other) => other !== before && other.outcome === 'open')) this.overlaps += 1;
    const blocksWritten = before?.outcome === 'open' ? before.blocksWritten : 0;
    const id = before?.id ?? `${this.#sessions.size + 1}-${key.slice(0, 8)}`;
    const session: Session = { id, ...wanted, fencingToken, blocksWritten, outcome: 'open' };
    this.#sessions.set(key, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > SESSIONS_MAX && oldest !== undefined) this.#sessions.delete(oldest);
    return { kind: 'begun', session };
  }

  admits(fencingToken: number): boolean {
    const admitted = this.#gate.admits(this.name, fencingToken);
    if (!admitted) this.refused += 1;
    return admitted;
  }

  end(session: Session, outcome: 'committed' | 'put back'): void {
    session.outcome = outcome;
    if (outcome === 'committed') this.firmware = session.firmware;
  }

  /** The same key keeps the same backup, whatever the asset runs by then. */
  backUp(key: string): { backupId: string; firmware: string } {
    const backupId = `backup-${key.slice(0, 8)}`;
    const firmware = this.#backups.get(backupId) ?? this.firmware;
    this.#backups.set(backupId, firmware);
    return { backupId, firmware };
  }

  /** False where there is no such backup. */
  restore(backupId: string): boolean {
    const firmware = this.#backups.get(backupId);
    if (firmware === undefined) return false;
    for (const session of this.sessions) if (session.outcome === 'open') session.outcome = 'put back';
    this.firmware = firmware;
    return true;
  }
}
