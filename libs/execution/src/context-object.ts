import type { JsonObject } from '@throughline/contracts';
import type { ResolvedMachine } from './decider.ts';
import type { ExecutionState } from './execution-state.ts';
import type { Frame } from './frames.ts';

/** `$$` of a state, as AWS has it. Task.Token is absent: no task waits for a callback yet. */
export const contextObject = (state: ExecutionState, frame: Frame, machine: ResolvedMachine): JsonObject => ({
  Execution: {
    Id: state.ref.aggregateId,
    Input: state.start?.input ?? null,
    Name: state.ref.aggregateId,
    StartTime: state.start?.startedAt ?? '',
    RedriveCount: 0,
  },
  State: {
    Name: frame.state,
    EnteredTime: frame.enteredAt,
    RetryCount: Math.max(
      0,
      frame.retries.reduce((sum, n) => sum + n, 0),
    ),
  },
  StateMachine: { Id: `${machine.name}:${machine.version}`, Name: machine.name },
});
