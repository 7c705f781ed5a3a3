import {
  type CommandAnswer,
  executionRef,
  type Command,
  type Json,
  type StepTask,
  stepTaskSchema,
} from '@throughline/contracts';
import type { Handled } from '@throughline/event-log';
import { instantOf } from '@throughline/engine';
import { canonicalHash } from '@throughline/execution';
import type { Chance } from './chance.ts';
import type { Clients } from './clients.ts';
import type { Process } from './network.ts';
import { bearerOfTaskToken } from './orchestrator.ts';
import type { SimulatedQueues } from './simulated-queues.ts';

export interface WorkerParts {
  readonly process: Process;
  readonly chance: Chance;
  readonly queues: SimulatedQueues;
  readonly clients: Clients;
  readonly effects: EffectLedger;
  readonly onRefused: (task: StepTask, code: string) => void;
}

/** What steps have done outside of the engine, as the world outside has seen it. */
export class EffectLedger {
  /** Outputs by execution and attempt. */
  readonly outputs = new Map<string, Set<string>>();

  add({ executionId, token }: Pick<StepTask, 'executionId' | 'token'>, outputHash: string): void {
    const key = `${executionId}.${token}`;
    this.outputs.set(key, (this.outputs.get(key) ?? new Set()).add(outputHash));
  }

  has(executionId: string, token: string, outputHash: string): boolean {
    return this.outputs.get(`${executionId}.${token}`)?.has(outputHash) === true;
  }
}

const ERRORS = ['Busy', 'Hard'] as const;

/** Runs tasks as a worker of users does: at least once each, sometimes slowly, sometimes without a sign of life. */
export const runWorker = (parts: WorkerParts): void => {
  parts.queues.tasks.consume({ process: parts.process, handle: (message) => runTask(parts, message.bytes) });
};

const runTask = async (parts: WorkerParts, bytes: Uint8Array): Promise<Handled> => {
  const { process, chance, clients } = parts;
  const task = stepTaskSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
  const startedAt = instantOf(process.nowMs());
  const silent = chance.oneIn(8);
  const ref = executionRef(task.tenant, task.executionId);
  const sending = { origin: 'worker', actor: { kind: 'worker', id: 'sim' }, process } as const;
  let leftMs = chance.oneIn(6) ? chance.between(5_000, 20_000) : chance.between(1, 2_000);
  while (task.heartbeatMs !== undefined && !silent && leftMs > task.heartbeatMs / 3) {
    await process.sleep(task.heartbeatMs / 3);
    leftMs -= task.heartbeatMs / 3;
    void clients.send(ref, { type: 'RecordHeartbeat', body: { token: task.token } }, sending);
  }
  await process.sleep(leftMs);
  const result = resultOf(parts, task, startedAt);
  const twice = chance.oneIn(10);
  const answer = await clients.send(ref, result, {
    ...sending,
    id: `${task.executionId}.${task.token}.${chance.name()}`.replaceAll('.', '-'),
  });
  hear(parts, task, answer);
  if (twice) void clients.send(ref, resultOf(parts, task, startedAt), sending);
  callBack(parts, task);
  return { kind: 'done' };
};

const hear = (parts: WorkerParts, task: StepTask, answer: CommandAnswer): void => {
  if (answer.outcome === 'refused') parts.onRefused(task, answer.refusal.code);
};

const resultOf = (
  { process, chance, effects }: WorkerParts,
  task: StepTask,
  startedAt: StepTask['scheduledAt'],
): Command => {
  const said = { startedAt, finishedAt: instantOf(Math.max(process.nowMs(), Date.parse(startedAt))), worker: 'sim' };
  if (chance.oneIn(4)) {
    const body = { token: task.token, error: chance.pick(ERRORS), cause: 'as chance would have it', ...said };
    return { type: 'FailStep', body };
  }
  const output: Json = chance.below(10);
  const outputHash = canonicalHash(output);
  effects.add(task, outputHash);
  return { type: 'CompleteStep', body: { token: task.token, output, outputHash, ...said } };
};

/** Whoever was given a task token answers some time, and may do so twice. */
const callBack = ({ process, chance, clients, effects }: WorkerParts, task: StepTask): void => {
  const bearer = bearerOfTaskToken(JSON.stringify(task.input));
  if (!bearer) return;
  const output: Json = chance.below(10);
  const outputHash = canonicalHash(output);
  effects.add(task, outputHash);
  const command: Command = chance.oneIn(5)
    ? { type: 'FailCallback', body: { token: task.token, error: 'Hard' } }
    : { type: 'CompleteCallback', body: { token: task.token, output, outputHash } };
  for (let times = chance.oneIn(5) ? 2 : 1; times > 0; times -= 1) {
    process.after(chance.between(1, 5_000), () => {
      void clients.send(executionRef(task.tenant, bearer.executionId), command, { origin: 'system' });
    });
  }
};
