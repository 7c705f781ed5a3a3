import { effectiveInput, type Scope, type Seconds, secondsOf, selectedInput, type TaskState } from '@throughline/asl';
import type { AttemptToken, Json, Queue } from '@throughline/contracts';
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
  const input = effectiveInput(state, frame.data, scope);
  if (!input.ok) return evaluationFailed(run, id, input);
  const selected = selectedInput(state, frame.data, scope);
  if (!selected.ok) return evaluationFailed(run, id, selected);
  const timeout = millisecondsOf(state.timeout, selected.value, scope);
  if (!timeout.ok) return evaluationFailed(run, id, timeout);
  const heartbeat = millisecondsOf(state.heartbeat, selected.value, scope);
  if (!heartbeat.ok) return evaluationFailed(run, id, heartbeat);
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
      resource: state.resource.text,
      // A queue name that is no subject token does not get through validation.
      queue: state.resource.queue as Queue,
      handler: state.resource.handler,
      ...(written.data === undefined ? {} : { input: written.data }),
      effectClass: state.effectClass,
      idempotencyKey: idempotencyKey(run, frame),
      ...(timeout.ms === undefined ? {} : { timeoutMs: timeout.ms }),
      ...(heartbeat.ms === undefined ? {} : { heartbeatMs: heartbeat.ms }),
    },
    written.bytes,
  );
  if (timeout.ms !== undefined) run.arm('timeout', id, run.nowMs() + timeout.ms, token);
  if (heartbeat.ms !== undefined) run.arm('heartbeat', id, run.nowMs() + heartbeat.ms, token);
};

type Milliseconds = { ok: true; ms: number | undefined } | { ok: false; error: string; cause: string };

const millisecondsOf = (seconds: Seconds | undefined, data: Json, scope: Scope): Milliseconds => {
  if (!seconds) return { ok: true, ms: undefined };
  const evaluated = secondsOf(seconds, data, scope);
  if (!evaluated.ok) return evaluated;
  return evaluated.value > 0
    ? { ok: true, ms: evaluated.value * 1_000 }
    : { ok: false, error: 'States.Runtime', cause: `A timeout must be positive, not ${evaluated.value} seconds` };
};
