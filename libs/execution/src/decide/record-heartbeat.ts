import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { attemptOf, type ExecutionState } from '../execution-state.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type HeartbeatRecord = Extract<ExecutionCommandRecord, { type: 'RecordHeartbeat' }>;

/** Notes the time: the heartbeat timer looks at it when it fires, and arms itself again. A job's first one says that it runs. */
export const recordHeartbeat = (state: ExecutionState, command: HeartbeatRecord, env: Env): ExecutionDecision => {
  const { token } = command.body;
  const attempt = attemptOf(state, token);
  if (!attempt) return refused('TL0107', `attempt ${token} is not open`);
  const submits = attempt.awaits === 'job' && !attempt.submitted;
  // Nothing else is decided by the heartbeats of a step without HeartbeatSeconds; the log need not hold them.
  if (attempt.heartbeatMs === null && !submits) return { kind: 'ignored' };
  const run = new Run(state, command, env);
  if (submits) run.emit({ type: 'StepSubmitted', token });
  if (attempt.heartbeatMs !== null) run.emit({ type: 'StepHeartbeatRecorded', token });
  return run.accepted();
};
