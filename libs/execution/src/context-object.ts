import type { Json, JsonObject } from '@throughline/contracts';
import { executionArn, executionName, machineArn, ROLE_ARN } from './aws-arns.ts';
import type { ResolvedMachine } from './decider.ts';
import { ofRecord } from './derived.ts';
import type { ExecutionState } from './execution-state.ts';
import { type Frame, outward } from './frames.ts';

/** Parts of `$$` that only some fields of some states see. */
export interface MoreContext {
  readonly taskToken?: string;
  /** Where an ItemSelector is evaluated: the iteration has no frame yet. */
  readonly mapItem?: MapItem;
}
interface MapItem {
  readonly index: number;
  readonly value: Json;
}

/** `$$` of a state, as AWS has it. */
export const contextObject = (
  state: ExecutionState,
  frame: Frame,
  machine: ResolvedMachine,
  { taskToken, mapItem = mapItemOf(state, frame) }: MoreContext = {},
): JsonObject => ({
  Execution: {
    Id: executionArn(machine.name, shownName(state)),
    Input: state.start?.input ?? null,
    Name: shownName(state),
    RoleArn: ROLE_ARN,
    StartTime: ofRecord(state)?.startedAt ?? state.start?.startedAt ?? '',
    RedriveCount: 0,
  },
  State: {
    Name: frame.state,
    EnteredTime: frame.enteredAt,
    ...(canRetry(frame) && { RetryCount: frame.retries.reduce((sum, n) => sum + n, 0) }),
  },
  StateMachine: { Id: machineArn(machine.name), Name: machine.name },
  ...(mapItem && { Map: { Item: { Index: mapItem.index, Value: mapItem.value } } }),
  ...(taskToken !== undefined && { Task: { Token: taskToken } }),
});

/** While a record answers, its steps are asked what the original's were. */
const shownName = (state: ExecutionState): string => ofRecord(state)?.name ?? executionName(state.ref, state.start);

/** AWS counts retries of states that can have them. */
const canRetry = ({ stateType }: Frame): boolean =>
  stateType === 'Task' || stateType === 'Parallel' || stateType === 'Map';

/** The innermost iteration that a frame runs in. */
const mapItemOf = ({ frames }: ExecutionState, frame: Frame): MapItem | undefined => {
  for (const { item, index } of outward(frames, frame.id)) if (item !== undefined) return { index, value: item };
  return undefined;
};
