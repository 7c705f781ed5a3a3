import { parseMachine } from '@throughline/asl';
import type { StepView } from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import {
  type ExecutionState,
  type Frame,
  frameOf,
  openFrames,
  outputLeft,
  progressOf,
  runStateOf,
  walkCommit,
  type WalkedEvent,
} from '@throughline/execution';
import { type ControlChanges, noControlChanges, takeControl } from './control-rows.ts';
import type { ExecutionRow, StepRow, WorkflowRow } from './upserts.ts';

/** What commits change: the last word on each row, since only that needs to be written. Pure: the same commits give the same rows. */
export interface Changes {
  readonly executions: Map<string, ExecutionRow>;
  readonly steps: Map<string, StepRow>;
  readonly workflows: WorkflowRow[];
  readonly control: ControlChanges;
}

export const noChanges = (): Changes => ({
  executions: new Map(),
  steps: new Map(),
  workflows: [],
  control: noControlChanges(),
});

type Seen = WalkedEvent<ExecutionState>;
type PutStep = (frame: Frame, status: StepView['status'], more?: Partial<StepRow>) => void;
type Failure = Pick<StepRow, 'error' | 'cause'>;
type Caught = Map<string, Failure>;

const failureOf = ({ error, cause }: { error?: string | undefined; cause?: string | undefined }): Failure => ({
  error: error ?? null,
  cause: cause ?? null,
});

/** Takes in one commit of an execution, given the state right before it; returns the state after it. */
export const takeExecution = (changes: Changes, record: LoggedCommit, before: ExecutionState): ExecutionState => {
  const { tenant, aggregateId } = record.commit;
  const put: PutStep = (frame, status, more = {}) => {
    const id = `${frame.id}/${frame.visit}/${frame.state}`;
    changes.steps.set(`${tenant}/${aggregateId}/${id}`, {
      tenant,
      executionId: aggregateId,
      id,
      enteredEvent: frame.enteredEventId,
      state: frame.state,
      frame: frame.id,
      visit: frame.visit,
      status,
      attempts: frame.attempts,
      enteredAt: frame.enteredAt,
      exitedAt: null,
      input: frame.data,
      output: undefined,
      error: null,
      cause: null,
      ...more,
    });
  };
  // A caught error and the exit that follows it always stand in one commit.
  const caught: Caught = new Map();
  // So do a skip and its exit.
  const skipped = new Set<string>();
  const after = walkCommit(before, record, (seen) => takeEvent(seen, put, caught, skipped));
  changes.executions.set(`${tenant}/${aggregateId}`, executionRow(record, after));
  takeControl(changes.control, before, after);
  return after;
};

const isForPeople = (awaits: string | undefined): boolean => awaits === 'approval' || awaits === 'signal';

const exitStatus = (frame: string, caught: Caught, skipped: ReadonlySet<string>): StepView['status'] => {
  if (skipped.has(frame)) return 'skipped';
  return caught.has(frame) ? 'caught' : 'succeeded';
};

const takeEvent = (
  { event, before, after, command }: Seen,
  put: PutStep,
  caught: Caught,
  skipped: Set<string>,
): void => {
  switch (event.type) {
    case 'StepScheduled':
      return put(frameOf(after.frames, event.frame), isForPeople(event.awaits) ? 'waiting' : 'running');
    case 'StateEntered':
    case 'ParallelStarted':
    case 'MapStarted':
      return put(frameOf(after.frames, event.frame), 'running');
    case 'TimerArmed':
      if (event.purpose === 'wait') put(frameOf(after.frames, event.frame), 'waiting');
      return;
    case 'LocksRequested':
      return put(frameOf(after.frames, event.frame), 'waiting');
    case 'RetryScheduled':
      return put(frameOf(after.frames, event.frame), 'retrying', failureOf(event));
    case 'StateSkipped':
      skipped.add(event.frame);
      return;
    case 'ErrorCaught':
      caught.set(event.frame, failureOf(event));
      return;
    case 'StateExited':
      // The frame before still holds the state's input; afterwards it holds the output.
      put(frameOf(before.frames, event.frame), exitStatus(event.frame, caught, skipped), {
        exitedAt: command.at,
        output: outputLeft(after.frames, frameOf(before.frames, event.frame)),
        ...caught.get(event.frame),
      });
      // The frame goes on to states that nothing was caught in.
      caught.delete(event.frame);
      skipped.delete(event.frame);
      return;
    case 'StateAborted':
      return put(frameOf(before.frames, event.frame), 'cancelled', { exitedAt: command.at });
    case 'BranchFailed':
    case 'IterationFailed':
      return put(frameOf(before.frames, event.frame), 'failed', { exitedAt: command.at, ...failureOf(event) });
    case 'ExecutionFailed':
      return closeOpen(before, put, 'failed', { exitedAt: command.at, ...failureOf(event) });
    case 'ExecutionCancelled':
      return closeOpen(before, put, 'cancelled', { exitedAt: command.at });
    case 'ExecutionTimedOut':
      return closeOpen(before, put, 'timed_out', { exitedAt: command.at });
    default:
      return;
  }
};

/** States that the end of the execution leaves open end with it. */
const closeOpen = (
  before: ExecutionState,
  put: PutStep,
  status: 'failed' | 'cancelled' | 'timed_out',
  more: Partial<StepRow>,
): void => {
  for (const frame of openFrames(before.frames)) put(frame, status, more);
};

const executionRow = (record: LoggedCommit, state: ExecutionState): ExecutionRow => {
  const { start, end, correlationId } = state;
  if (!start) throw new Error(`commit ${record.commit.version} of ${record.commit.aggregateId} comes before a start`);
  const { percent, currentStep } = progressOf(state);
  return {
    tenant: record.commit.tenant,
    id: record.commit.aggregateId,
    workflowName: start.workflow.name,
    workflowVersion: start.workflow.version,
    // An execution that has started has a status other than none.
    status: state.status,
    progress: percent,
    currentStep,
    trigger: start.trigger,
    correlationId,
    parentExecutionId: start.parentExecutionId,
    rootExecutionId: start.rootExecutionId,
    runId: start.runId,
    labels: state.labels,
    startedAt: start.startedAt,
    updatedAt: state.lastAt ?? start.startedAt,
    endedAt: end?.at ?? null,
    version: state.version,
    seq: record.seq,
    traceId: start.traceparent?.split('-')[1] ?? null,
    input: start.input,
    output: end?.output,
    error: end?.error ?? null,
    cause: end?.cause ?? null,
    runState: runStateOf(state),
  };
};

export const takeWorkflow = (changes: Changes, record: LoggedCommit): void => {
  if (record.commit.aggregate !== 'workflow') return;
  const { commit } = record;
  let index = 0;
  for (const command of commit.commands) {
    for (const event of commit.events.slice(index, index + command.events)) {
      const { name, definition } = command.body;
      const parsed = parseMachine(definition);
      changes.workflows.push({
        tenant: commit.tenant,
        id: commit.aggregateId,
        name,
        version: event.version,
        hash: event.hash,
        states: parsed.ok ? parsed.machine.stateCount : 0,
        registeredAt: command.at,
        definition,
      });
    }
    index += command.events;
  }
};
