import { randomUUID } from 'node:crypto';
import {
  type AggregateId,
  aggregateIdSchema,
  type ErrorCode,
  REPLAY_ANSWER_MS,
  REPLAY_LEASE_MS,
  type ReplayProgress,
  type ReplayRequest,
  type ReplayResult,
  type Tenant,
} from '@throughline/contracts';
import type { SendOutcome } from '@throughline/event-log/jetstream';
import { contradictionInReplay } from '@throughline/execution';
import { type Caller, refuse, Refused, refuseWith } from '@throughline/service-host';
import type { Logger } from 'pino';
import type { SessionReads } from '../read-model/session-reads.ts';
import type { ReplayCommands } from './replay-commands.ts';
import type { PreparedRun, SessionExecutor, SessionToRun } from './session-executor.ts';
import { Slots } from './slots.ts';

/** Which executor a request is for. */
export type ExecutorOf = (request: ReplayRequest) => SessionExecutor;

/** A session says that it is worked on four times in each lease. */
const RENEW_MS = REPLAY_LEASE_MS / 4;
/** How often sessions are looked for that another process has left behind, and how many at once. */
const LOOK_MS = 5_000;
const TAKEN_UP_AT_ONCE = 20;
const MESSAGE_CHARS_MAX = 2_000;

/**
 * Works on replay sessions: those that are asked for here, and those that a process left behind when it went away. What
 * becomes of a session is decided on the log, so two processes that take up the same one do no harm.
 */
export class SessionRunner {
  /** What this process calls itself on the log. */
  private readonly runner = randomUUID();
  private readonly slots = new Map<SessionExecutor, Slots>();
  /** By tenant and id, with how far they are. */
  private readonly underWay = new Map<string, ReplayProgress | null>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly commands: ReplayCommands,
    private readonly reads: SessionReads,
    private readonly executorOf: ExecutorOf,
    private readonly log: Pick<Logger, 'warn'>,
  ) {}

  start(): void {
    const look = (): void => {
      this.looking = this.takeUpSilent().catch((error: unknown) =>
        this.log.warn({ err: error }, 'replay sessions cannot be looked for'),
      );
      void this.looking.then(() => {
        if (!this.stopping.signal.aborted) this.timer = setTimeout(look, LOOK_MS);
      });
    };
    this.timer = setTimeout(look, LOOK_MS);
  }

  /** What is under way is left to another process, or to this one's successor. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.looking;
  }

  /** How far a session of this process is. */
  progressOf(tenant: Tenant, id: string): ReplayProgress | null {
    return this.underWay.get(`${tenant}/${id}`) ?? null;
  }

  /** Puts the request on the log and begins; answers when the session has ended, or after a while without its end. */
  async request(caller: Caller, request: ReplayRequest): Promise<AggregateId> {
    const contradiction = contradictionInReplay(request);
    if (contradiction !== undefined) return refuse('TL0403', contradiction);
    const executor = this.executorOf(request);
    const slots = this.slotsOf(executor);
    if (!(await slots.take(REPLAY_ANSWER_MS))) {
      return refuse('TL0010', `${executor.slots.running} replays of this kind are running: try again later`);
    }
    let ended: Promise<void> | undefined;
    try {
      const run = await executor.prepare(caller.tenant, request);
      const id = aggregateIdSchema.parse(randomUUID());
      const session = { tenant: caller.tenant, id, request, by: caller.actor, attempt: 1 };
      accepted(await this.commands.tell(caller.tenant, id, { type: 'RequestReplay', body: request }, caller.actor), id);
      ended = this.work(session, () => Promise.resolve(run)).finally(() => slots.giveBack());
      await Promise.race([ended, afterMs(REPLAY_ANSWER_MS)]);
      return id;
    } finally {
      if (!ended) slots.giveBack();
    }
  }

  private slotsOf(executor: SessionExecutor): Slots {
    const known = this.slots.get(executor);
    if (known) return known;
    const slots = new Slots(executor.slots);
    this.slots.set(executor, slots);
    return slots;
  }

  private async takeUpSilent(): Promise<void> {
    const before = new Date(Date.now() - REPLAY_LEASE_MS).toISOString();
    for (const { tenant, id: text } of await this.reads.silentSince(before, TAKEN_UP_AT_ONCE)) {
      const id = aggregateIdSchema.parse(text);
      if (this.stopping.signal.aborted) return;
      if (this.underWay.has(`${tenant}/${id}`)) continue;
      // One that cannot be read must not keep the others waiting.
      const session = await this.reads.stateOf(tenant, id).then(
        (state) => state?.session,
        (error: unknown) => void this.log.warn({ err: error, sessionId: id }, 'a replay session cannot be read'),
      );
      if (session?.status !== 'pending' && session?.status !== 'running') continue;
      const { request, by, attempts } = session;
      const executor = this.executorOf(request);
      const slots = this.slotsOf(executor);
      if (!(await slots.take(0))) continue;
      this.log.warn({ sessionId: id, attempts }, 'a replay session was left behind: it is taken up again');
      void this.work({ tenant, id, request, by, attempt: attempts + 1 }, () =>
        executor.prepare(tenant, request),
      ).finally(() => slots.giveBack());
    }
  }

  /** From the beginning of a session to its end; never throws. */
  private async work(session: SessionToRun, prepare: () => Promise<PreparedRun>): Promise<void> {
    const { tenant, id } = session;
    const key = `${tenant}/${id}`;
    if (this.underWay.has(key)) return;
    this.underWay.set(key, null);
    const lost = new AbortController();
    const signal = AbortSignal.any([lost.signal, this.stopping.signal]);
    let renewing: NodeJS.Timeout | undefined;
    try {
      if (!(await this.begin(session))) return;
      renewing = setInterval(() => void this.renew(session, lost), RENEW_MS);
      const run = await prepare();
      const report = (progress: ReplayProgress): void => void this.underWay.set(key, progress);
      const result = await run(session, { report, signal });
      if (!signal.aborted) await this.complete(session, result);
    } catch (error) {
      if (!signal.aborted) await this.fail(session, error);
    } finally {
      clearInterval(renewing);
      this.underWay.delete(key);
    }
  }

  private async begin(session: SessionToRun): Promise<boolean> {
    const { tenant, id, attempt } = session;
    const told = await this.commands.tell(tenant, id, { type: 'BeginReplay', body: { runner: this.runner } });
    if (told.outcome !== 'accepted') return false;
    // What was begun too often has failed with this.
    return attempt === 1 || (await this.reads.stateOf(tenant, id))?.session?.status === 'running';
  }

  private async renew({ tenant, id }: SessionToRun, lost: AbortController): Promise<void> {
    const progress = this.progressOf(tenant, id) ?? { commits: 0, of: 0 };
    const body = { runner: this.runner, progress };
    const told = await this.commands.tell(tenant, id, { type: 'RenewReplay', body }).catch(() => undefined);
    if (told?.outcome === 'refused') lost.abort();
  }

  private async complete({ tenant, id }: SessionToRun, result: ReplayResult): Promise<void> {
    const told = await this.commands.tell(tenant, id, {
      type: 'CompleteReplay',
      body: { runner: this.runner, result },
    });
    // Silent sessions are taken up again; one that another process works on is that one's.
    if (told.outcome !== 'accepted') this.log.warn({ sessionId: id, told }, 'the result of a replay was not stored');
  }

  private async fail({ tenant, id }: SessionToRun, error: unknown): Promise<void> {
    const code: ErrorCode = error instanceof Refused ? error.code : 'TL0007';
    const message = (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_CHARS_MAX);
    if (code === 'TL0007') this.log.warn({ sessionId: id, err: error }, 'a replay session failed');
    await this.commands
      .tell(tenant, id, { type: 'FailReplay', body: { runner: this.runner, code, message } })
      .catch((failure: unknown) => this.log.warn({ sessionId: id, err: failure }, 'a failure could not be stored'));
  }
}

const accepted = (told: SendOutcome, sessionId: AggregateId): void => {
  if (told.outcome === 'refused') refuseWith(told.refusal);
  // The request may still be stored, under an id that the caller can ask for.
  if (told.outcome === 'unknown') refuse('TL0009', 'no answer in time; the session may still be made', { sessionId });
};

const afterMs = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
