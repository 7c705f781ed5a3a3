import { type Command, executionRef } from '@throughline/contracts';
import { type ExecutionState, workflowRef } from '@throughline/execution';
import { Chance } from './chance.ts';
import type { Sending } from './clients.ts';
import { CHILD_NAME, machineAtRandom } from './machines.ts';
import { TENANT, type World } from './world.ts';

/** Definitions are drawn from so many, which keeps the seeds apart by what happens to them. */
const MACHINES = 5_000;
const WITHIN_MS = 40_000;
/** As the name of an execution of the workload; children have names of their own. */
const idOf = (index: number): string => `e${index}`;

const COMMANDS: readonly [Command, ...Command[]] = [
  { type: 'CancelExecution', body: {} },
  { type: 'CancelExecution', body: { graceMs: 3_000 } },
  { type: 'CancelExecution', body: { cooperative: true } },
  { type: 'TerminateExecution', body: {} },
  { type: 'PauseExecution', body: {} },
  { type: 'PauseExecution', body: {} },
  { type: 'ResumeExecution', body: {} },
  { type: 'RetryExecution', body: {} },
  { type: 'RedriveExecution', body: {} },
  { type: 'AnnotateExecution', body: { labels: { looked: 'at' } } },
  { type: 'AnnotateExecution', body: { labels: { looked: 'away' }, attributes: { riskLevel: 'low' } } },
  { type: 'AnnotateExecution', body: { attributes: { riskLevel: 'high' } } },
  { type: 'SignalExecution', body: { name: 'go', payload: 5 } },
];

/** What clients ask for over a while: workflows, executions of them, and whatever people then do to executions. */
export const beginWork = (world: World): void => {
  const { chance, clients, time } = world;
  const register = async (name: string, isChild: boolean): Promise<void> => {
    const definition = machineAtRandom(new Chance(chance.below(MACHINES), 7), isChild);
    const body = { name, definition };
    const answer = await clients.send(workflowRef(TENANT, name), { type: 'RegisterWorkflow', body });
    if (answer.outcome !== 'accepted') world.problems.push(`workflow ${name} was refused: ${JSON.stringify(answer)}`);
  };
  const executions = chance.between(1, 4);
  const begin = async (): Promise<void> => {
    const workflows = chance.between(1, 2);
    await register(CHILD_NAME, true);
    await Promise.all(Array.from({ length: workflows }, (_each, index) => register(`w${index}`, false)));
    const together = chance.oneIn(3);
    for (let index = 0; index < executions; index += 1) {
      const workflow = `w${chance.below(workflows)}`;
      time.after(together ? 0 : chance.below(WITHIN_MS / 4), () => void start(world, idOf(index), workflow));
    }
    if (chance.oneIn(3)) time.after(chance.below(WITHIN_MS), () => crowd(world, idOf(chance.below(executions))));
    for (let count = chance.below(executions * 3); count > 0; count -= 1) {
      time.after(chance.below(WITHIN_MS), () => void steer(world, idOf(chance.below(executions))));
    }
  };
  void begin();
};

const start = async (world: World, id: string, workflow: string): Promise<void> => {
  const input = { n: world.chance.below(10), items: [1, 2, 3] };
  const command: Command = { type: 'StartExecution', body: { workflow, input, trigger: 'manual' } };
  const ref = executionRef(TENANT, id);
  const answer = await world.clients.send(ref, command, { id: `start-${id}` });
  if (answer.outcome !== 'accepted') world.problems.push(`start of ${id} was refused: ${JSON.stringify(answer)}`);
  // Somebody who lost the answer asks again, under the same id or another one; neither makes a second execution.
  if (world.chance.oneIn(4)) void world.clients.send(ref, command, { id: `start-${id}` });
  if (world.chance.oneIn(6)) void world.clients.send(ref, command, { id: `again-${id}` });
};

/** Many want something of one execution at the same moment. */
const crowd = (world: World, id: string): void => {
  for (let count = world.chance.between(4, 12); count > 0; count -= 1) void steer(world, id);
};

const steer = async (world: World, id: string): Promise<void> => {
  const state = world.execution(id);
  if (!state.start) return;
  const approval = world.chance.oneIn(2) ? decisionFor(state, 'ann') : undefined;
  const command = approval ?? world.chance.pick(COMMANDS);
  await world.clients.send(executionRef(TENANT, id), command, {
    ...saidBy(command),
    actor: { kind: 'user', id: 'ann' },
  });
};

const decisionFor = (state: ExecutionState, by: string): Command | undefined => {
  const pending = [...state.approvals.values()].find(
    ({ status, decisions }) => status === 'pending' && !decisions.some((given) => given.by === by),
  );
  if (!pending) return undefined;
  return {
    type: 'DecideApproval',
    body: { approval: pending.id, decision: 'approve', roles: ['ops'], comment: 'yes' },
  };
};

/** An agreement comes by the service that has looked at who gives it. */
const saidBy = ({ type }: Command): Sending => (type === 'DecideApproval' ? { origin: 'system' } : {});

const APPROVERS = ['ada', 'ben', 'cat'] as const;

/** What people do in the end: agree, resume, and say what is waited for. True where somebody had to. */
export const attendTo = (world: World, state: ExecutionState): boolean => {
  const ref = state.ref;
  const ask = (command: Command, by = 'ann'): true => {
    void world.clients.send(ref, command, { ...saidBy(command), actor: { kind: 'user', id: by } });
    return true;
  };
  switch (state.status) {
    case 'paused':
      return ask({ type: 'ResumeExecution', body: {} });
    case 'needs_review':
      return ask({ type: 'ResumeExecution', body: { afterReview: true } });
    case 'awaiting_approval':
    case 'running':
    case 'waiting': {
      for (const by of APPROVERS) {
        const decision = decisionFor(state, by);
        if (decision) return ask(decision, by);
      }
      const waitsForSignal = [...state.attempts.values()].some(({ awaits }) => awaits === 'signal');
      return waitsForSignal && ask({ type: 'SignalExecution', body: { name: 'go', payload: 1 } });
    }
    default:
      return false;
  }
};
