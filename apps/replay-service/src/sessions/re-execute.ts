import { setTimeout as afterMs } from 'node:timers/promises';
import {
  type ExecutionId,
  executionIdSchema,
  executionRef,
  isTerminal,
  type RecordOrigin,
  type ReplayRequest,
  type StartExecution,
  type Tenant,
} from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { derivedId, type ExecutionState, openAttempts } from '@throughline/execution';
import { attemptRecords, commitEntering, compareRuns, declaredClasses, fold, forkBase } from '@throughline/history';
import { refuse } from '@throughline/service-host';
import { sendStart } from '../forks/send-start.ts';
import { readHistory } from '../replay/execution-history.ts';
import { boundedResult } from './bounded-result.ts';
import type { PreparedRun, RunContext, SessionExecutor } from './session-executor.ts';

type Asked = Extract<ReplayRequest, { scope: 'execution' }>;

/** A re-execution that says nothing for so long is given up. */
const SILENCE_MAX_MS = 120_000;
/** However much it does. */
const RUN_MAX_MS = 3_600_000;
const LOOK_MS = 150;

/**
 * Runs an execution's steps again in an execution of its own, and compares. Pure steps run; the record answers the others,
 * unless the session may run them too.
 */
export class ReExecute implements SessionExecutor {
  readonly slots = { running: 4, waiting: 60 };

  constructor(
    private readonly log: EventLog,
    private readonly sender: CommandSender,
  ) {}

  async prepare(tenant: Tenant, request: ReplayRequest): Promise<PreparedRun> {
    if (request.scope !== 'execution') throw new Error(`a session of scope ${request.scope} came to the wrong place`);
    const read = await readHistory(this.log, tenant, request.executionId);
    const original = read.kind === 'commits' ? read.commits : refuse(read.code, read.message);
    const { body, after } = startOf(request, original);
    return async ({ id, by }, context) => {
      // The same for whoever takes the session up again.
      const executionId = executionIdSchema.parse(derivedId('re-execution', tenant, id));
      // Where it has begun already, it is only watched: the original may have grown since.
      const begun = await this.log.read(executionRef(tenant, executionId));
      if (begun.kind === 'commits' && begun.commits.length === 0) {
        await sendStart(this.sender, { tenant, executionId, actor: by, body });
      }
      const again = await this.toItsEnd(tenant, executionId, original.length, context);
      return { ...boundedResult(compareRuns({ original, again, after })), reExecution: executionId };
    };
  }

  private async toItsEnd(
    tenant: Tenant,
    executionId: ExecutionId,
    of: number,
    { report, signal }: RunContext,
  ): Promise<readonly LoggedCommit[]> {
    let commits = 0;
    const begunMs = performance.now();
    let movedMs = begunMs;
    for (;;) {
      const read = await this.log.read(executionRef(tenant, executionId));
      if (read.kind === 'unreadable') return refuse(read.code, read.problem);
      const state = fold<ExecutionState>(read.commits);
      if (isTerminal(state?.status ?? 'queued')) return read.commits;
      if (read.commits.length > commits || (state && isAtWork(state))) movedMs = performance.now();
      if (performance.now() - begunMs > RUN_MAX_MS)
        return refuse('TL0009', `re-execution ${executionId} takes too long`);
      commits = read.commits.length;
      report({ commits: Math.min(commits, of), of });
      if (performance.now() - movedMs > SILENCE_MAX_MS) {
        const silent = `re-execution ${executionId} came no further within ${SILENCE_MAX_MS / 1_000} s: look at it, or cancel it`;
        return refuse('TL0009', silent, { executionId });
      }
      await afterMs(LOOK_MS, undefined, { signal });
    }
  }
}

/** Workers, or time, have something in hand. */
const isAtWork = (state: ExecutionState): boolean =>
  state.timers.size > 0 || openAttempts(state).some(({ awaits }) => awaits !== 'record');

const startOf = (request: Asked, original: readonly LoggedCommit[]): { body: StartExecution; after: number } => {
  const after = beginsAfter(request, original);
  const state = fold<ExecutionState>(original);
  if (!state?.start) return refuse('TL0105', `no execution ${request.executionId}`);
  const { start, correlationId, labels } = state;
  const records = attemptRecords(original);
  const failed = [...records.values()].filter(({ outcome: { how } }) => how === 'failed' || how === 'timed-out');
  const origin: RecordOrigin = {
    executionId: request.executionId,
    at: after,
    name: start.name ?? request.executionId,
    startedAt: start.startedAt,
    answeredBy: {
      pure: 'worker',
      idempotent: request.live ? 'worker' : 'record',
      external: request.live && request.allowExternal ? 'worker' : 'record',
    },
    ...(request.mode === 'failed_only' ? { only: [...new Set(failed.map((attempt) => attempt.state))] } : {}),
    effectClasses: declaredClasses(records, original),
    unanswered: 'fail',
    ...baseAt(original, after),
  };
  const { name: workflow, version } = start.workflow;
  const lineage = { parentExecutionId: request.executionId, rootExecutionId: start.rootExecutionId, correlationId };
  const body = { workflow, version, input: start.input, trigger: 'replay' as const, ...lineage, labels, origin };
  return { after, body };
};

const beginsAfter = ({ mode, fromStep }: Asked, original: readonly LoggedCommit[]): number => {
  if (mode !== 'from_step') return 0;
  const entering = fromStep && commitEntering(original, fromStep);
  return entering === undefined
    ? refuse('TL0405', `the execution never entered ${fromStep?.state ?? 'a step'}`)
    : entering - 1;
};

const baseAt = (original: readonly LoggedCommit[], at: number): Pick<RecordOrigin, 'base' | 'stateHash'> => {
  if (at === 0) return {};
  const base = forkBase(original, at);
  return base.kind === 'base' ? { base: base.base, stateHash: base.stateHash } : refuse(base.code, base.message);
};
