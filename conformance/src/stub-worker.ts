import {
  commandIdSchema,
  executionRef,
  type ExecutionId,
  type Instant,
  STREAMS,
  type StepTask,
  stepTaskSchema,
  SUBJECT_FILTERS,
} from '@throughline/contracts';
import {
  connectNats,
  consumeWorkQueue,
  createCommandSender,
  type CommandSender,
  type Handled,
  type UnaddressedCommand,
} from '@throughline/event-log/jetstream';
import { commandsOf } from './stub-commands.ts';
import type { ScriptedTask, TaskScript } from './task-script.ts';

/** Serves every queue: takes each task from the task stream and answers as its case recorded it. */
export interface StubWorker {
  /** Tasks of this execution are answered from this script from now on. */
  expect(execution: ExecutionId, script: TaskScript): void;
  forget(execution: ExecutionId): void;
  stop(): Promise<void>;
}

const IN_FLIGHT_MAX = 64;
const ANSWER = { timeoutMs: 30_000, resendMs: 5_000 } as const;

export const startStubWorker = async (natsUrl: string, onProblem: (problem: string) => void): Promise<StubWorker> => {
  const nc = await connectNats({ url: natsUrl, name: 'conformance-stub' });
  const sender = createCommandSender(nc);
  const scripts = new Map<string, TaskScript>();
  /** A task that comes again is the same task: it gets the same answer. */
  const given = new Map<string, ScriptedTask>();
  const queue = await consumeWorkQueue(nc, {
    stream: STREAMS.tasks,
    durable: 'conformance-stub',
    filterSubject: SUBJECT_FILTERS.tasks,
    maxInFlight: IN_FLIGHT_MAX,
    ackWaitMs: 30_000,
    maxDeliver: 10,
    onProblem,
    handle: async (message): Promise<Handled> => {
      const task = stepTaskSchema.parse(JSON.parse(new TextDecoder().decode(message.bytes)));
      const script = scripts.get(task.executionId);
      if (!script) return { kind: 'done' };
      const key = `${task.executionId}.${task.token}`;
      const scripted = given.get(key) ?? script.next(task.state, task.resource);
      given.set(key, scripted);
      return (await answer(sender, task, scripted)) ? { kind: 'done' } : { kind: 'unavailable', reason: 'no answer' };
    },
  });
  return {
    expect: (execution, script) => void scripts.set(execution, script),
    forget: (execution) => void scripts.delete(execution),
    stop: async () => {
      await queue.drain(5_000);
      sender.close();
      await nc.close();
    },
  };
};

/** False where a command's outcome is not known: the task comes again then. */
const answer = async (sender: CommandSender, task: StepTask, scripted: ScriptedTask): Promise<boolean> => {
  const commands = commandsOf(scripted, task.token, now());
  for (const [index, command] of commands.entries()) {
    const sent = {
      v: 1,
      id: commandIdSchema.parse(`stub-${task.token.replace('.', '-')}-${index}`),
      actor: { kind: 'worker', id: 'conformance' },
      ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
      ...command,
    } as UnaddressedCommand; // type and body are a pair of one command, which the spread takes apart
    const origin = command.type.endsWith('Callback') ? 'system' : 'worker';
    const { outcome } = await sender.send(origin, executionRef(task.tenant, task.executionId), sent, ANSWER);
    // A refusal is an answer too: the attempt may be over.
    if (outcome === 'unknown') return false;
  }
  return true;
};

// The cast brands what toISOString gives.
const now = (): Instant => new Date().toISOString() as Instant;
