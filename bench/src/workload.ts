import { randomUUID } from 'node:crypto';
import { type ConsumerMessages, DeliverPolicy, jetstream } from '@nats-io/jetstream';
import {
  commandIdSchema,
  executionIdSchema,
  executionRef,
  type Json,
  STREAMS,
  SUBJECT_FILTERS,
  type Tenant,
  tenantSchema,
} from '@throughline/contracts';
import { workflowRef } from '@throughline/execution';
import { type CommandSender, createCommandSender, type NatsConnection } from '@throughline/event-log/jetstream';

const ACTOR = { kind: 'service', id: 'bench' } as const;
const SEND = { timeoutMs: 30_000, resendMs: 5_000 } as const;
const END = /"type":"Execution(Succeeded|Failed|Cancelled|TimedOut)"/;

/** A machine of `steps` sequential no-op tasks. */
export const sequentialSteps = (steps: number): Json => ({
  StartAt: 'Step1',
  States: Object.fromEntries(
    Array.from({ length: steps }, (_none, index) => [
      `Step${index + 1}`,
      {
        Type: 'Task',
        Resource: 'tl:task:bench:noop',
        ...(index + 1 === steps ? { End: true } : { Next: `Step${index + 2}` }),
      },
    ]),
  ),
});

/** Sent away to be repeated, as too much at once. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

export interface WorkloadOptions {
  readonly tenant?: string;
  /** False where nobody asks later which executions were acknowledged and ended: a long load would fill the memory. */
  readonly remembers?: boolean;
}

export interface Paced {
  readonly elapsedMs: readonly number[];
  readonly refused: number;
  /** Not started, because too many were open. */
  readonly leftOut: number;
  readonly seconds: number;
}

export interface Run {
  /** Milliseconds from the start command to the stored end. */
  readonly elapsedMs: number;
  readonly end: string;
}

/** Starts executions by command and sees their ends on the log itself, so only stored decisions count. */
export class Workload {
  readonly acknowledged = new Set<string>();
  readonly ended = new Map<string, string>();
  private readonly nc: NatsConnection;
  private readonly tenant: Tenant;
  private readonly remembers: boolean;
  private readonly sender: CommandSender;
  private readonly waiting = new Map<string, (end: string) => void>();
  private messages: ConsumerMessages | undefined;

  constructor(nc: NatsConnection, { tenant = 'default', remembers = true }: WorkloadOptions = {}) {
    this.nc = nc;
    this.tenant = tenantSchema.parse(tenant);
    this.remembers = remembers;
    this.sender = createCommandSender(nc);
  }

  async listen(): Promise<void> {
    const consumer = await jetstream(this.nc).consumers.get(STREAMS.log, {
      filter_subjects: [SUBJECT_FILTERS.logOfTenant(this.tenant)],
      deliver_policy: DeliverPolicy.New,
    });
    this.messages = await consumer.consume({
      max_messages: 2_000,
      callback: (message) => {
        const end = END.exec(message.string())?.[1];
        if (end === undefined) return;
        const id = message.subject.slice(message.subject.lastIndexOf('.') + 1);
        const waiting = this.waiting.get(id);
        this.waiting.delete(id);
        // An end that comes before the answer to its start has its place too.
        if (this.remembers) this.ended.set(id, end);
        waiting?.(end);
      },
    });
  }

  close(): void {
    this.messages?.stop();
    this.sender.close();
  }

  async register(name: string, definition: Json): Promise<void> {
    const answer = await this.sender.send(
      'client',
      workflowRef(this.tenant, name),
      {
        v: 1,
        id: commandIdSchema.parse(randomUUID()),
        actor: ACTOR,
        type: 'RegisterWorkflow',
        body: { name, definition },
      },
      SEND,
    );
    if (answer.outcome !== 'accepted') throw new Error(`${name} was not registered: ${JSON.stringify(answer)}`);
  }

  /** Resolves when the end is on the log. */
  async run(workflow: string, input: Json = { order: 'A-1001', amount: 12 }): Promise<Run> {
    const id = executionIdSchema.parse(randomUUID());
    const startedAt = performance.now();
    const ended = new Promise<string>((resolve) => this.waiting.set(id, resolve));
    const answer = await this.sender.send(
      'client',
      executionRef(this.tenant, id),
      {
        v: 1,
        id: commandIdSchema.parse(randomUUID()),
        actor: ACTOR,
        type: 'StartExecution',
        body: { workflow, input, trigger: 'manual' },
      },
      SEND,
    );
    if (answer.outcome !== 'accepted') {
      this.waiting.delete(id);
      if (answer.outcome === 'refused' && /^TL020[78]$/.test(answer.refusal.code)) throw new StartRefused();
      throw new Error(`a start was not accepted: ${JSON.stringify(answer)}`);
    }
    if (this.remembers) this.acknowledged.add(id);
    const end = await ended;
    return { elapsedMs: performance.now() - startedAt, end };
  }

  /** Starts `perSecond` executions a second for `ms`, however long each takes, but no more than `openMax` at once. */
  async keepPace(
    workflow: string,
    { perSecond, ms, openMax }: { readonly perSecond: number; readonly ms: number; readonly openMax: number },
  ): Promise<Paced> {
    const startedAt = performance.now();
    const elapsedMs: number[] = [];
    const open = new Set<Promise<void>>();
    let [due, refused, leftOut] = [0, 0, 0];
    while (performance.now() - startedAt < ms) {
      const dueByNow = ((performance.now() - startedAt) / 1_000) * perSecond;
      for (; due < dueByNow; due += 1) {
        if (open.size >= openMax) {
          leftOut += 1;
          continue;
        }
        const run = this.run(workflow)
          .then(({ elapsedMs: took }) => void elapsedMs.push(took))
          .catch((error: unknown) => {
            if (!(error instanceof StartRefused)) throw error;
            refused += 1;
          });
        open.add(run);
        void run.finally(() => open.delete(run));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(open);
    return { elapsedMs, refused, leftOut, seconds: ms / 1_000 };
  }

  /** Keeps `outstanding` executions going for `ms`; answers with how many ended in how long. */
  async keepBusy(workflow: string, outstanding: number, ms: number): Promise<{ done: number; seconds: number }> {
    const startedAt = performance.now();
    const until = startedAt + ms;
    let done = 0;
    const lane = async (): Promise<void> => {
      while (performance.now() < until) {
        await this.run(workflow);
        if (performance.now() <= until) done += 1;
      }
    };
    await Promise.all(Array.from({ length: outstanding }, lane));
    return { done, seconds: ms / 1_000 };
  }
}
