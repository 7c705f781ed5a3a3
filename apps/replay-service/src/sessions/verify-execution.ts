import { assertNever, type ReplayRequest, type Tenant } from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import { commitEntering, replayExecution, type ReplayPart } from '@throughline/history';
import { refuse } from '@throughline/service-host';
import { readHistory, readMachines } from '../replay/execution-history.ts';
import { boundedResult } from './bounded-result.ts';
import type { PreparedRun, SessionExecutor } from './session-executor.ts';
import { inTurns } from './turns.ts';

/** Decides an execution's whole history again, or a part of it. Up to the commit that was its last when it was asked for. */
export class VerifyExecution implements SessionExecutor {
  /** Histories in memory at once. */
  readonly slots = { running: 4, waiting: 60 };

  constructor(private readonly log: EventLog) {}

  async prepare(tenant: Tenant, request: ReplayRequest): Promise<PreparedRun> {
    if (request.scope !== 'execution') throw new Error(`a session of scope ${request.scope} came to the wrong place`);
    const read = await readHistory(this.log, tenant, request.executionId);
    const commits = read.kind === 'commits' ? read.commits : refuse(read.code, read.message);
    const part = partOf(request, commits);
    // Read now: a replay takes nothing from a cache.
    const resolveMachine = await readMachines(this.log, tenant, commits);
    return async (_session, { report }) => {
      const steps = replayExecution(commits, resolveMachine, part);
      return boundedResult(await inTurns(steps, (done) => report({ commits: done, of: commits.length })));
    };
  }
}

type Asked = Extract<ReplayRequest, { scope: 'execution' }>;

const partOf = ({ mode, fromStep }: Asked, commits: readonly LoggedCommit[]): ReplayPart => {
  switch (mode) {
    case 'full':
    case 'failed_only':
      return { mode };
    case 'from_step':
      if (!fromStep) return refuse('TL0403', 'from_step needs the step to begin from');
      if (commitEntering(commits, fromStep) === undefined) {
        const { state, frame, visit } = fromStep;
        const where = `${frame === undefined ? '' : ` in frame ${frame}`}${visit === undefined ? '' : `, visit ${visit}`}`;
        return refuse('TL0405', `the execution never entered ${state}${where}`);
      }
      return { mode, fromStep };
    default:
      return assertNever(mode);
  }
};
