import { createHash } from 'node:crypto';
import { activityQueue } from '@throughline/asl';
import {
  type ActivityTask,
  commandIdSchema,
  executionRef,
  type Queue,
  type StepTask,
  stepTaskSchema,
  STREAMS,
  SUBJECT_FILTERS,
  type Tenant,
} from '@throughline/contracts';
import { type CommandSender, type NatsConnection, takeOne, type TakenMessage } from '@throughline/event-log/jetstream';
import { canonicalHash } from '@throughline/execution';
import { type Caller, refuse, sendCommand } from '@throughline/service-host';
import { instantOf } from '@throughline/engine';
import type { TaskTokens } from '../task-tokens/task-tokens.ts';

/** Polls of all callers that may wait in one process. */
const POLLS_MAX = 1_000;
/** A task in hand while its commit is waited for; a crash gives it back after this. */
const ACK_WAIT_MS = 30_000;
/** A consumer that nobody polls any more goes away; its tasks stay on the stream. */
const INACTIVE_MS = 10 * 60_000;

export interface PollOptions {
  readonly waitMs: number;
  readonly worker: string | undefined;
  /** The caller has hung up: no task may be taken for him any more. */
  readonly signal: AbortSignal;
}

/**
 * Hands the tasks of activities to callers. A task is taken off its queue only once the log says that it was handed out
 * (`StepSubmitted`): a crash before that gives it to the next poll.
 */
export class ActivityPolls {
  private readonly nc: NatsConnection;
  private readonly sender: CommandSender;
  private readonly tokens: TaskTokens;
  private readonly stopped = new AbortController();
  private polls = 0;

  constructor(nc: NatsConnection, sender: CommandSender, tokens: TaskTokens) {
    this.nc = nc;
    this.sender = sender;
    this.tokens = tokens;
  }

  get waiting(): number {
    return this.polls;
  }

  /** Waiting polls end without a task; those with one in hand are answered. */
  stop(): void {
    this.stopped.abort();
  }

  async poll(caller: Caller, activity: string, options: PollOptions): Promise<ActivityTask | null> {
    if (this.polls >= POLLS_MAX) return refuse('TL0010', `${POLLS_MAX} polls of activities are waiting already`);
    this.polls += 1;
    try {
      return await this.nextTask(caller, activityQueue(activity), options);
    } finally {
      this.polls -= 1;
    }
  }

  private async nextTask(caller: Caller, queue: Queue, options: PollOptions): Promise<ActivityTask | null> {
    const signal = AbortSignal.any([options.signal, this.stopped.signal]);
    const until = performance.now() + options.waitMs;
    for (;;) {
      const waitMs = Math.max(0, Math.ceil(until - performance.now()));
      const taken = await takeOne(this.nc, sourceOf(queue, caller.tenant), { waitMs, signal });
      if (!taken) return null;
      const task = await this.handOut(caller, taken, options.worker);
      if (task) return task;
    }
  }

  /** Undefined where the attempt is over already, or belongs to nobody: the next task is looked at. */
  private async handOut(
    caller: Caller,
    taken: TakenMessage,
    worker: string | undefined,
  ): Promise<ActivityTask | undefined> {
    const task = taskOf(taken.bytes);
    if (!task || task.tenant !== caller.tenant) {
      taken.ack();
      return undefined;
    }
    switch (await this.submit(caller, task, worker)) {
      case 'submitted':
        taken.ack();
        return viewOf(task, this.tokens);
      case 'over':
        taken.ack();
        return undefined;
      case 'unknown':
        taken.giveBack();
        return refuse('TL0009', 'the task could not be taken in time: poll again');
    }
  }

  private async submit(
    caller: Caller,
    task: StepTask,
    worker: string | undefined,
  ): Promise<'submitted' | 'over' | 'unknown'> {
    const at = instantOf(Date.now());
    const answer = await sendCommand(this.sender, {
      origin: 'worker',
      ref: executionRef(task.tenant, task.executionId),
      // One per attempt: a task that comes again because its ack was lost is handed out again, and submitted once.
      id: commandIdSchema.parse(`submit-${sha256(`${task.executionId}.${task.token}`).slice(0, 40)}`),
      actor: caller.actor,
      causationId: `${task.executionId}.${task.token}`,
      ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
      command: {
        type: 'CompleteStep',
        body: {
          token: task.token,
          output: null,
          outputHash: canonicalHash(null),
          startedAt: at,
          finishedAt: at,
          worker: worker ?? caller.actor.id,
        },
      },
    });
    if (answer.outcome === 'accepted') return 'submitted';
    return answer.outcome === 'refused' && OVER.includes(answer.refusal.code) ? 'over' : 'unknown';
  }
}

/** Unknown execution, ended execution, closed attempt: nobody waits for this task. */
const OVER: readonly string[] = ['TL0105', 'TL0106', 'TL0107'];

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Per tenant: a poll must never be given what another tenant's execution asks for. */
const sourceOf = (queue: Queue, tenant: Tenant) => ({
  stream: STREAMS.tasks,
  durable: `polls-${sha256(JSON.stringify([queue, tenant])).slice(0, 40)}`,
  filterSubject: SUBJECT_FILTERS.tasksOfQueueAndTenant(queue, tenant),
  ackWaitMs: ACK_WAIT_MS,
  inactiveMs: INACTIVE_MS,
});

const taskOf = (bytes: Uint8Array): StepTask | undefined => {
  try {
    return stepTaskSchema.safeParse(JSON.parse(Buffer.from(bytes).toString())).data;
  } catch {
    return undefined;
  }
};

const viewOf = (task: StepTask, tokens: TaskTokens): ActivityTask => ({
  taskToken: tokens.issue(task),
  input: task.input,
  executionId: task.executionId,
  state: task.state,
  attempt: task.attempt,
  ...(task.heartbeatMs === undefined ? {} : { heartbeatMs: task.heartbeatMs }),
});
