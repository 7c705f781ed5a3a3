import { type Fault, parseMachine } from '@throughline/asl';
import type { WorkflowEvent } from '@throughline/contracts';
import { type Decision, type Env, refused, type WorkflowCommandRecord } from '../decider.ts';
import { canonicalHash } from '../hashes.ts';
import { jsonBytes } from '../json-size.ts';
import { workflowIdOf } from './workflow-id.ts';
import type { WorkflowState } from './workflow-state.ts';

const EVENT_BYTES = 160;
/** Names in a definition may be as long as it is, and all its faults have to fit into one answer. */
const FAULT_CHARS_MAX = 500;

const short = ({ pointer, code, message }: Fault): Fault => ({
  pointer: pointer.slice(0, FAULT_CHARS_MAX),
  code,
  message: message.slice(0, FAULT_CHARS_MAX),
});

export const decideWorkflow = (
  state: WorkflowState,
  command: WorkflowCommandRecord,
  env: Env,
): Decision<WorkflowState, WorkflowEvent> => {
  const { name, definition } = command.body;
  const id: string = workflowIdOf(name);
  if (state.ref.aggregateId !== id) {
    return refused('TL0006', `workflow '${name}' is registered as ${id}, not as ${state.ref.aggregateId}`);
  }
  if (state.name !== null && state.name !== name) {
    return refused('TL0111', `'${name}' and '${state.name}' would share one id`, { takenBy: state.name });
  }
  const definitionMax = env.limits.definitionBytesMax;
  if (env.bodyBytes > definitionMax && jsonBytes(definition) > definitionMax) {
    return refused('TL0005', `the definition is larger than ${definitionMax} bytes`);
  }
  const parsed = parseMachine(definition);
  if (!parsed.ok) {
    return refused('TL0103', `the definition has ${parsed.faults.length} fault(s)`, {
      faults: parsed.faults.map(short),
    });
  }
  const hash = canonicalHash(definition);
  const equal = state.versions.find((version) => version.hash === hash);
  if (equal) return { kind: 'duplicate', version: equal.commitVersion };
  const event: WorkflowEvent = { type: 'WorkflowRegistered', version: state.versions.length + 1, hash };
  return { kind: 'accepted', events: [event], after: evolveWorkflow(state, event, command), bytes: EVENT_BYTES };
};

export const evolveWorkflow = (
  state: WorkflowState,
  event: WorkflowEvent,
  command: WorkflowCommandRecord,
): WorkflowState => ({
  ...state,
  roundEvents: state.roundEvents + 1,
  name: command.body.name,
  versions: [
    ...state.versions,
    {
      version: event.version,
      hash: event.hash,
      definition: command.body.definition,
      registeredAt: command.at,
      commitVersion: state.version + 1,
    },
  ],
});
