import { type Commit, type Origin, type Refusal, type SentCommand, type Tenant } from '@throughline/contracts';
import type { FairTurns } from './fair-turns.ts';

export interface AdmissionOptions {
  readonly turns: FairTurns;
  /** Commands in hand at once, of all tenants. */
  readonly inHandMax: number;
  /** A start that has waited for longer is sent away: whoever sent it has stopped waiting, and repeats. */
  readonly lateMs: number;
  /** How far the read model is behind the log, in commits, and how far it may be: what begins adds to what it has to catch up with. */
  readonly lag?: { readonly commits: () => number; readonly max: number };
  /** Open executions of one tenant; undefined: as many as there is room for. */
  readonly openMax?: number;
  /** Open executions of a tenant as the read model has them, counted up to a bound. */
  readonly countOpen?: (tenant: Tenant, upTo: number) => Promise<number>;
  /** Orchestrators that share the executions, this one included; 1 where it is left out. */
  readonly orchestrators?: () => number;
  readonly nowMs?: () => number;
}

export interface Arrived {
  readonly tenant: Tenant;
  readonly origin: Origin;
  readonly command: SentCommand;
  readonly storedAtMs: number;
  readonly deliveries: number;
}

interface Open {
  count: number;
  countedAtMs: number;
  /** Started here a short while ago and not ended, with when: the read model may not have them yet. */
  readonly young: Map<string, number>;
}

const COUNT_EVERY_MS = 1_000;
/** A read model that is further behind than this says so by itself. */
const YOUNG_MS = 10_000;
const TENANTS_MAX = 1_000;

/**
 * Who may begin something new. What has begun is never turned away: results, timers, cancels and the engine's own starts pass.
 * A refusal says "try again": nothing of the start is on the log, and the same id may come again.
 */
export class Admission {
  readonly refused = { tenant: 0, late: 0, lag: 0 };
  private readonly options: AdmissionOptions;
  private readonly open = new Map<Tenant, Open>();

  constructor(options: AdmissionOptions) {
    this.options = options;
  }

  refusalOf({ tenant, origin, command, storedAtMs, deliveries }: Arrived): Refusal | undefined {
    if (command.type !== 'StartExecution' || origin !== 'client') return undefined;
    const nowMs = this.nowMs();
    const waitedMs = nowMs - storedAtMs;
    // One that was delivered before may be on the log: it is to hear so.
    if (waitedMs > this.options.lateMs && deliveries <= 1) {
      this.refused.late += 1;
      return { code: 'TL0208', message: `the start has waited for ${waitedMs} ms: the engine is behind, repeat it` };
    }
    const { lag } = this.options;
    const behind = lag?.commits() ?? 0;
    if (lag && behind > lag.max) {
      this.refused.lag += 1;
      return {
        code: 'TL0208',
        message: `the read model is ${behind} commits behind: repeat the start when it has caught up`,
      };
    }
    const why = this.tooMuchOf(tenant, nowMs);
    if (why === undefined) return undefined;
    this.refused.tenant += 1;
    return { code: 'TL0207', message: `tenant ${tenant} ${why}: repeat the start in a moment` };
  }

  /** Keeps count of what begins and ends here; the read model knows of the rest. */
  committed(
    commit: Pick<Commit, 'tenant' | 'aggregate' | 'aggregateId'> & {
      readonly events: readonly { readonly type: string }[];
    },
  ): void {
    const known = commit.aggregate === 'execution' ? this.open.get(commit.tenant) : undefined;
    if (!known) return;
    const { openMax = 0 } = this.options;
    for (const { type } of commit.events) {
      const change = CHANGE[type] ?? 0;
      known.count += change;
      if (type === 'ExecutionStarted' && known.young.size < openMax) known.young.set(commit.aggregateId, this.nowMs());
      else if (change < 0) known.young.delete(commit.aggregateId);
    }
  }

  private tooMuchOf(tenant: Tenant, nowMs: number): string | undefined {
    const { turns, inHandMax, openMax } = this.options;
    // Who is alone may fill all there is. With others beside it, the rest of its commands must not stand in front of theirs.
    if (turns.tenants > 1 && turns.held(tenant) >= inHandMax / 2) return `has ${turns.held(tenant)} commands in hand`;
    if (openMax === undefined) return undefined;
    const open = this.known(tenant, nowMs);
    // The others start as many as this one does: ids are spread evenly.
    const count = Math.max(open.count, open.young.size * (this.options.orchestrators?.() ?? 1));
    if (count >= openMax) return `has ${count} executions open, and ${openMax} are allowed`;
    // Counted before it is on the log, or many at once would all pass. One that is refused later is found out by the next look.
    open.count += 1;
    return undefined;
  }

  private known(tenant: Tenant, nowMs: number): Open {
    const known = this.open.get(tenant) ?? { count: 0, countedAtMs: -COUNT_EVERY_MS, young: new Map<string, number>() };
    this.open.delete(tenant);
    this.open.set(tenant, known);
    if (this.open.size > TENANTS_MAX) this.forgetOldest();
    if (nowMs - known.countedAtMs >= COUNT_EVERY_MS) {
      known.countedAtMs = nowMs;
      void this.count(tenant, known);
    }
    return known;
  }

  private async count(tenant: Tenant, known: Open): Promise<void> {
    const { countOpen, openMax = 0 } = this.options;
    // A read model that does not answer leaves the count as it is known here.
    const counted = await countOpen?.(tenant, openMax + 1).catch(() => undefined);
    if (counted !== undefined) known.count = counted;
    const youngSinceMs = this.nowMs() - YOUNG_MS;
    for (const [id, startedAtMs] of known.young) if (startedAtMs < youngSinceMs) known.young.delete(id);
  }

  private forgetOldest(): void {
    const oldest = this.open.keys().next();
    if (!oldest.done) this.open.delete(oldest.value);
  }

  private nowMs(): number {
    return (this.options.nowMs ?? Date.now)();
  }
}

const CHANGE: Readonly<Record<string, 1 | -1>> = {
  ExecutionReopened: 1,
  ExecutionSucceeded: -1,
  ExecutionFailed: -1,
  ExecutionCancelled: -1,
  ExecutionTimedOut: -1,
};
