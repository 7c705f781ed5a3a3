import { nuid } from '@nats-io/transport-node';
import { type LeaseRecord, SUBJECT_FILTERS } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { problemOf } from './js-api.ts';
import { readLeases, type StoredLease, writeLease } from './lease-records.ts';
import { type PartSeen, planShare } from './lease-shares.ts';
import { createPublisher, type Publisher } from './publisher.ts';

/**
 * Parts of a work that several processes share, each part in the hands of one at a time: as far as anybody can know. A
 * lease only saves work: a process that was stopped does not notice that it lost its lease, so whatever must not happen
 * twice needs a fence of its own.
 */
export interface LeasedPartsOptions {
  /** A subject token: what is shared. */
  readonly group: string;
  /** Asked again now and then; parts beyond it are given up. */
  count(): Promise<number> | number;
  /** Shown to people: which process this is. */
  readonly instance: string;
  onTaken(part: number): void;
  /** Finish what is in hand: when it resolves the next owner may begin. */
  onGiveUp(part: number): Promise<void> | void;
  /** Another process has it already: begin nothing more. */
  onLost(part: number): void;
  onProblem?(problem: string): void;
  readonly leaseMs?: number;
  readonly renewMs?: number;
}

export interface PartOwner {
  readonly part: number;
  /** Undefined while nobody has it. */
  readonly instance: string | undefined;
  readonly here: boolean;
}

export interface LeasedParts {
  readonly owned: ReadonlySet<number>;
  /** As last read. */
  owners(): readonly PartOwner[];
  /** Processes that share, this one too. */
  readonly members: number;
  /** False while the leases cannot be read or written. */
  readonly healthy: boolean;
  readonly counters: { readonly taken: number; readonly lost: number; readonly givenUp: number };
  /** Gives up everything, so that others need not wait for the lease to lapse. */
  stop(): Promise<void>;
}

const LEASE_MS = 2_000;
const RENEW_MS = 400;
const COUNT_EVERY_MS = 5_000;
const MEMBER = 'member-';
const HEALTHY_MS = 5_000;
/**
 * A look counts as so many of its own intervals at most. What makes the looks of one process late, a slow or stalled server,
 * makes the renewals of the others late as well: counted in full, everybody would lose everything to everybody after each stall.
 */
const COUNTED_INTERVALS_MAX = 1.5;

interface Held {
  seq: number;
  givingUp: boolean;
}
interface Seen extends StoredLease {
  /** For how long it has not changed, by this process's own clock: clocks of different machines are never compared. */
  readonly silentMs: number;
}

class SharedParts implements LeasedParts {
  readonly counters = { taken: 0, lost: 0, givenUp: 0 };
  readonly #nc: NatsConnection;
  readonly #options: LeasedPartsOptions;
  readonly #publisher: Publisher;
  readonly #self = nuid.next();
  readonly #leaseMs: number;
  readonly #held = new Map<number, Held>();
  #seen: ReadonlyMap<string, Seen> = new Map();
  #count = 0;
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #healthyAtMs = Number.NEGATIVE_INFINITY;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(nc: NatsConnection, options: LeasedPartsOptions) {
    this.#nc = nc;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#publisher = createPublisher(nc);
  }

  get owned(): ReadonlySet<number> {
    return new Set(this.#held.keys());
  }

  get members(): number {
    return this.#membersAlive().length;
  }

  get healthy(): boolean {
    return performance.now() - this.#healthyAtMs < HEALTHY_MS;
  }

  owners(): readonly PartOwner[] {
    return Array.from({ length: this.#count }, (_, part) => {
      const seen = this.#seen.get(String(part));
      const here = this.#held.has(part);
      const instance = here ? this.#options.instance : this.#alive(seen);
      return { part, instance, here };
    });
  }

  async start(): Promise<void> {
    // What others give up is taken at once, not at the next look.
    const subscription = this.#nc.subscribe(SUBJECT_FILTERS.leasesOf(this.#options.group), {
      callback: (_error, message) => {
        if (!message.string().includes('"owner"')) this.#soon();
      },
    });
    void this.#nc.closed().then(() => (this.#stopped = true));
    this.#unsubscribe = () => void (this.#nc.isClosed() || subscription.unsubscribe());
    await this.#tick();
    this.#plan();
  }
  #unsubscribe = (): void => {};

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await this.#ticking;
    const renewing = setInterval(() => {
      for (const [part, held] of this.#held) void this.#renew(part, held).catch(() => undefined);
    }, this.#options.renewMs ?? RENEW_MS);
    await Promise.all([...this.#held].map(([part, held]) => this.#giveUp(part, held)));
    clearInterval(renewing);
    await this.#write(`${MEMBER}${this.#self}`, this.#record(undefined)).catch(() => undefined);
    this.#publisher.close();
  }

  #plan(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#tick().then(() => this.#plan()), this.#options.renewMs ?? RENEW_MS);
  }

  #soon(): void {
    if (this.#stopped || !this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tick().then(() => this.#plan()), 0);
  }

  #tick(): Promise<void> {
    this.#ticking = this.#look().then(
      () => {
        this.#problem = undefined;
        this.#healthyAtMs = performance.now();
      },
      (error: unknown) => this.#report(problemOf(error)),
    );
    return this.#ticking;
  }

  #report(problem: string): void {
    // Once per reason: a server that is away for an hour is one line.
    if (problem !== this.#problem) this.#options.onProblem?.(problem);
    this.#problem = problem;
  }

  async #look(): Promise<void> {
    await this.#recount();
    const stored = await readLeases(this.#nc, this.#options.group);
    this.#observe(stored, performance.now());
    await Promise.all([
      this.#write(`${MEMBER}${this.#self}`, this.#record(this.#self)),
      ...[...this.#held].map(([part, held]) => this.#renew(part, held)),
    ]);
    await this.#share();
  }

  async #recount(): Promise<void> {
    if (performance.now() - this.#countedAtMs < COUNT_EVERY_MS) return;
    this.#count = await this.#options.count();
    this.#countedAtMs = performance.now();
  }

  #observe(stored: ReadonlyMap<string, StoredLease>, nowMs: number): void {
    const mostMs = (this.#options.renewMs ?? RENEW_MS) * COUNTED_INTERVALS_MAX;
    const passedMs = Math.min(mostMs, nowMs - this.#lookedAtMs);
    this.#lookedAtMs = nowMs;
    const seen = new Map<string, Seen>();
    for (const [part, lease] of stored) {
      const before = this.#seen.get(part);
      const isSilent = before !== undefined && !isNewer(lease, before);
      seen.set(part, isSilent ? { ...before, silentMs: before.silentMs + passedMs } : { ...lease, silentMs: 0 });
    }
    this.#seen = seen;
  }

  /** The instance that has it, as far as this process can know. */
  #alive(seen: Seen | undefined): string | undefined {
    if (seen?.record.owner === undefined || seen.silentMs > this.#leaseMs) return undefined;
    return seen.record.instance;
  }

  #membersAlive(): readonly string[] {
    const others = [...this.#seen].filter(([part, seen]) => part.startsWith(MEMBER) && this.#alive(seen) !== undefined);
    return [...new Set([this.#self, ...others.map(([part]) => part.slice(MEMBER.length))])];
  }

  async #renew(part: number, held: Held): Promise<void> {
    const seen = this.#seen.get(String(part));
    // A write of ours whose ack was lost.
    if (seen?.record.owner === this.#self && seen.seq > held.seq) held.seq = seen.seq;
    if (await this.#sayAgain(part, held)) return;
    // Refused: somebody else has it, or a write whose ack was lost had gone through, or the record is no more.
    const now = (await readLeases(this.#nc, this.#options.group)).get(String(part));
    if (this.#held.get(part) !== held) return;
    if (now?.record.owner !== undefined && now.record.owner !== this.#self) return this.#lose(part);
    held.seq = now?.seq ?? 0;
    if (!(await this.#sayAgain(part, held)) && this.#held.get(part) === held) this.#lose(part);
  }

  async #sayAgain(part: number, held: Held): Promise<boolean> {
    const seq = await this.#write(String(part), this.#record(this.#self), held.seq);
    if (seq !== undefined) held.seq = seq;
    return seq !== undefined;
  }

  #lose(part: number): void {
    this.#held.delete(part);
    this.counters.lost += 1;
    this.#options.onLost(part);
  }

  async #share(): Promise<void> {
    const plan = planShare(this.#self, this.#membersAlive(), this.#partsSeen());
    const beyond = [...this.#held.keys()].filter((part) => part >= this.#count);
    for (const part of [...plan.giveUp, ...beyond]) {
      const held = this.#held.get(part);
      // Not awaited: the other leases have to be renewed meanwhile.
      if (held && !held.givingUp) void this.#giveUp(part, held);
    }
    for (const part of plan.take) {
      if (this.#stopped) return;
      await this.#take(part);
    }
  }

  #partsSeen(): readonly PartSeen[] {
    return Array.from({ length: this.#count }, (_, part): PartSeen => {
      if (this.#held.has(part)) return { part, owner: this.#self };
      const seen = this.#seen.get(String(part));
      // A record of ours that we do not hold was written by a take whose ack was lost: free to us, and nobody else's.
      const owner = this.#alive(seen) === undefined ? undefined : seen?.record.owner;
      return { part, owner: owner === this.#self ? undefined : owner };
    });
  }

  async #take(part: number): Promise<void> {
    const expected = this.#seen.get(String(part))?.seq ?? 0;
    const seq = await this.#write(String(part), this.#record(this.#self), expected);
    if (seq === undefined) return;
    this.#held.set(part, { seq, givingUp: false });
    this.counters.taken += 1;
    this.#options.onTaken(part);
  }

  async #giveUp(part: number, held: Held): Promise<void> {
    held.givingUp = true;
    try {
      await this.#options.onGiveUp(part);
      if (this.#held.get(part) !== held) return;
      this.#held.delete(part);
      this.counters.givenUp += 1;
      await this.#write(String(part), this.#record(undefined), held.seq);
    } catch (error) {
      this.#report(problemOf(error));
    }
  }

  #record(owner: string | undefined): LeaseRecord {
    return { v: 1, ...(owner === undefined ? {} : { owner }), instance: this.#options.instance };
  }

  #write(part: string, record: LeaseRecord, expectedSeq?: number): Promise<number | undefined> {
    const { group } = this.#options;
    return writeLease(this.#publisher, { group, part, record, expectedSeq });
  }
}

/** A follower may answer with what was before; a stream that was lost and made again counts from 1. */
const isNewer = (lease: StoredLease, before: StoredLease): boolean =>
  lease.storedAtMs === before.storedAtMs ? lease.seq > before.seq : lease.storedAtMs > before.storedAtMs;

/** Resolves after the first look: what was free is ours by then. */
export const shareParts = async (nc: NatsConnection, options: LeasedPartsOptions): Promise<LeasedParts> => {
  const parts = new SharedParts(nc, options);
  await parts.start();
  return parts;
};
