import { formatInstant, parseInstant } from '@throughline/asl';
import { assertNever, type Instant, LOCK_QUEUE_MAX, type LockEvent, type TimerId } from '@throughline/contracts';
import { type Decision, type Env, type LockCommandRecord, refused } from '../decider.ts';
import { evolveLock } from './evolve-lock.ts';
import { lockRef } from './lock-id.ts';
import { claimKey, type LockHolder, type LockState } from './lock-state.ts';

/** A holder is asked after this time whether it still runs. */
export const LOCK_LEASE_MS = 60_000;
/** So often before the lock goes on without an answer. */
export const LOCK_ASKS_MAX = 3;
/** What an operator leaves the holder to give the lock back by itself. */
export const LOCK_REVOKE_MS = 15_000;

const EVENT_BYTES = 250;

type LockDecision = Decision<LockState, LockEvent>;
type CommandOf<T extends LockCommandRecord['type']> = Extract<LockCommandRecord, { type: T }>;

/** One decision under way: the events so far, and the lock that they lead to. */
class LockRun {
  readonly events: LockEvent[] = [];

  constructor(
    public state: LockState,
    private readonly command: LockCommandRecord,
    private readonly at: Instant,
  ) {}

  emit(event: LockEvent): void {
    this.events.push(event);
    this.state = evolveLock(this.state, event, this.command);
  }

  after(ms: number): Instant {
    const now = parseInstant(this.at);
    if (now === undefined) throw new Error(`not an instant: ${this.at}`);
    return formatInstant(now + ms);
  }

  /** A lock that nobody holds goes to the one that waits longest; a lock that somebody holds has a timer. */
  accepted(): LockDecision {
    const next = this.state.holder ? undefined : this.state.queue.first();
    if (next) {
      const { execution, request } = next;
      // Of several grants in one commit, too, each has a token of its own.
      const fencingToken = Math.max(this.state.version, this.state.lastToken) + 1;
      this.emit({ type: 'LockGranted', execution, request, fencingToken, leaseUntil: this.after(LOCK_LEASE_MS) });
    }
    this.watch();
    return { kind: 'accepted', events: this.events, after: this.state, bytes: this.events.length * EVENT_BYTES };
  }

  /** One timer stands for all holders that come and go until it fires: most of them are gone by then. */
  private watch(): void {
    const { holder, timer } = this.state;
    if (!holder || (timer && timer.dueAt <= holder.leaseUntil)) return;
    if (timer) this.emit({ type: 'LockTimerCancelled', timer: timer.id });
    // The cast names what the two numbers make: a subject token, and the event's own place on the log.
    const id = `${this.state.version + 1}-${this.state.roundEvents}` as TimerId;
    this.emit({ type: 'LockTimerArmed', timer: id, dueAt: holder.leaseUntil });
  }
}

export const decideLock = (state: LockState, command: LockCommandRecord, env: Env): LockDecision => {
  switch (command.type) {
    case 'AcquireLock':
      return acquire(state, command, env);
    case 'ReleaseLock':
      return release(state, command, env);
    case 'RenewLock':
      return renew(state, command, env);
    case 'ForceReleaseLock':
      return forceRelease(state, command, env);
    case 'FireTimer':
      return fireTimer(state, command, env);
    default:
      return assertNever(command);
  }
};

const holds = ({ holder }: LockState, claim: Pick<LockHolder, 'execution' | 'request'>): boolean =>
  holder !== null && claimKey(holder) === claimKey(claim);

const acquire = (state: LockState, command: CommandOf<'AcquireLock'>, { at }: Env): LockDecision => {
  const { ref, queue } = state;
  const { asset } = command.body;
  const id = lockRef(ref.tenant, asset).aggregateId;
  if (id !== ref.aggregateId) return refused('TL0006', `the lock of '${asset}' is ${id}, not ${ref.aggregateId}`);
  // Asked again, because nobody knew whether it had been heard.
  if (holds(state, command.body) || queue.has(claimKey(command.body))) return { kind: 'ignored' };
  if (queue.size >= LOCK_QUEUE_MAX) {
    return refused('TL0141', `${queue.size} steps wait for the lock of '${asset}' already`);
  }
  const run = new LockRun(state, command, at);
  run.emit({ type: 'LockRequested' });
  return run.accepted();
};

const release = (state: LockState, command: CommandOf<'ReleaseLock'>, { at }: Env): LockDecision => {
  const { execution, request } = command.body;
  const run = new LockRun(state, command, at);
  if (holds(state, command.body)) run.emit({ type: 'LockReleased', execution, request });
  else if (state.queue.has(claimKey(command.body))) run.emit({ type: 'LockWaitLeft', execution, request });
  // Given back already, or before it was asked for: a request that comes late is granted, refused and given back.
  else return { kind: 'ignored' };
  return run.accepted();
};

const renew = (state: LockState, command: CommandOf<'RenewLock'>, { at }: Env): LockDecision => {
  const { holder } = state;
  // What was not asked for changes nothing, and the log need not hold it.
  if (!holder || !holds(state, command.body) || holder.asked === 0 || holder.revoked) return { kind: 'ignored' };
  const { execution, request } = holder;
  const run = new LockRun(state, command, at);
  run.emit({ type: 'LockRenewed', execution, request, leaseUntil: run.after(LOCK_LEASE_MS) });
  return run.accepted();
};

const forceRelease = (state: LockState, command: CommandOf<'ForceReleaseLock'>, { at }: Env): LockDecision => {
  const { holder, asset } = state;
  if (asset === null) return refused('TL0145', `nothing has ever locked ${state.ref.aggregateId}`);
  if (!holder) return refused('TL0146', `nobody holds the lock of '${asset}'`);
  const { execution, request, fencingToken } = holder;
  if (command.body.fencingToken !== undefined && command.body.fencingToken !== fencingToken) {
    return refused('TL0146', `the lock of '${asset}' is held with token ${fencingToken}`, { fencingToken });
  }
  const run = new LockRun(state, command, at);
  // Said twice, it is meant: no more waiting for the holder's answer.
  if (holder.revoked) run.emit({ type: 'LockExpired', execution, request, fencingToken });
  else run.emit({ type: 'LockRevoked', execution, request, leaseUntil: run.after(LOCK_REVOKE_MS) });
  return run.accepted();
};

const fireTimer = (state: LockState, command: CommandOf<'FireTimer'>, { at }: Env): LockDecision => {
  const { timer, holder } = state;
  if (timer?.id !== command.body.timer) return refused('TL0108', `timer ${command.body.timer} is not armed`);
  if (at < timer.dueAt) {
    return refused('TL0108', `timer ${timer.id} is due at ${timer.dueAt} only`, { dueAt: timer.dueAt });
  }
  const run = new LockRun(state, command, at);
  run.emit({ type: 'LockTimerFired', timer: timer.id });
  if (holder && holder.leaseUntil <= at) leaseOver(run, holder);
  return run.accepted();
};

const leaseOver = (run: LockRun, { execution, request, fencingToken, asked, revoked }: LockHolder): void => {
  if (revoked || asked >= LOCK_ASKS_MAX) return run.emit({ type: 'LockExpired', execution, request, fencingToken });
  run.emit({ type: 'LockHolderAsked', execution, request, leaseUntil: run.after(LOCK_LEASE_MS) });
};
