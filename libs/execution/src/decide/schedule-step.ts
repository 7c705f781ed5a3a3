import { stateInput, type TaskState, taskTimes } from '@throughline/asl';
import type { AttemptToken, Queue } from '@throughline/contracts';
import type { Frame, FrameId } from '../frames.ts';
import { sha256Hex } from '../hashes.ts';
import { dataLimitExceeded, evaluationFailed } from './handle-error.ts';
import type { Run } from './run.ts';

/** Stable over retries and redeliveries of one visit: what a worker or its callee recognises a repeat by. */
const idempotencyKey = (run: Run, frame: Frame): string => {
  const { tenant, aggregateId } = run.state.ref;
  return sha256Hex(JSON.stringify([tenant, aggregateId, frame.id, frame.state, frame.visit]));
};

/** Opens an attempt at a Task: the first of a visit, or the one that a retry waited for. */
export const scheduleStep = (run: Run, id: FrameId, state: TaskState): void => {
  const frame = run.frame(id);
  const scope = run.scope(frame);
  const input = stateInput(state, frame.data, scope);
  if (!input.ok) return evaluationFailed(run, id, input);
  const times = taskTimes(state, frame.data, scope);
  if (!times.ok) return evaluationFailed(run, id, times);
  const { timeoutMs, heartbeatMs } = times.value;
  const { resource } = state;
  if (resource.kind !== 'task') throw new Error(`${resource.text} is not decided yet; validation lets none in`);
  const written = run.write(input.value, frame.data);
  if (!written.ok) return dataLimitExceeded(run, id);
  // The cast names what the two numbers make: a token by its own schema. evolve derives the same one.
  const token = `${run.state.version + 1}.${run.state.roundEvents}` as AttemptToken;
  run.emit(
    {
      type: 'StepScheduled',
      frame: id,
      state: state.name,
      visit: frame.visit,
      attempt: frame.attempts + 1,
      resource: resource.text,
      // A queue name that is no subject token does not get through validation.
      queue: resource.queue as Queue,
      handler: resource.handler,
      ...(written.data === undefined ? {} : { input: written.data }),
      effectClass: state.effectClass,
      idempotencyKey: idempotencyKey(run, frame),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    },
    written.bytes,
  );
  if (timeoutMs !== undefined) run.arm('timeout', id, run.nowMs() + timeoutMs, token);
  if (heartbeatMs !== undefined) run.arm('heartbeat', id, run.nowMs() + heartbeatMs, token);
};
