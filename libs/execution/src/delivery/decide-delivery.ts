import type { TimerId } from '@throughline/contracts';
import type { ExecutionDecision } from '../decide/execution-decision.ts';
import { Run } from '../decide/run.ts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { type ExecutionState, timerOf } from '../execution-state.ts';
import { ROOT_FRAME } from '../frames.ts';
import { type Delivery, deliveryOf } from './delivery-state.ts';

/** Attempts at handing the result over, of executions that have ended. */

type RecordOf<T extends ExecutionCommandRecord['type']> = Extract<ExecutionCommandRecord, { type: T }>;

const notOpen = (command: RecordOf<'CompleteDelivery' | 'FailDelivery'>): ExecutionDecision =>
  refused('TL0181', `attempt ${command.body.attempt} of delivery ${command.body.delivery} is not open`);

/** The receiver has it, whichever attempt brought it: a success that comes late counts, and the first one only. */
export const completeDelivery = (
  state: ExecutionState,
  command: RecordOf<'CompleteDelivery'>,
  env: Env,
): ExecutionDecision => {
  const { delivery: id, attempt } = command.body;
  const delivery = deliveryOf(state.delivery, id);
  const phase = delivery?.phase;
  if (!phase || phase.kind === 'delivered' || attempt > phase.attempt) {
    return notOpen(command);
  }
  const run = new Run(state, command, env);
  if (phase.kind === 'waiting') run.emit({ type: 'TimerCancelled', timer: phase.timer });
  run.emit({ type: 'DeliverySucceeded', delivery: id, attempt });
  return run.accepted();
};

export const failDelivery = (state: ExecutionState, command: RecordOf<'FailDelivery'>, env: Env): ExecutionDecision => {
  const { delivery: id, attempt, retryable } = command.body;
  const delivery = deliveryOf(state.delivery, id);
  if (delivery?.phase.attempt !== attempt) return notOpen(command);
  // A dead letter that was requeued, and failed again: what the log says of it stays true.
  if (delivery.phase.kind === 'failed') return { kind: 'ignored' };
  if (delivery.phase.kind !== 'open') return notOpen(command);
  const run = new Run(state, command, env);
  if (retryable && !isLastAttempt(delivery)) waitForNext(run, delivery, attempt);
  else run.emit({ type: 'DeliveryFailed', delivery: id, attempt });
  return run.accepted();
};

/** Attempts made since the first, or since somebody asked for another by hand. */
const attemptsMade = ({ phase, firstAttempt }: Delivery): number => phase.attempt - firstAttempt + 1;

export const isLastAttempt = (delivery: Delivery): boolean => attemptsMade(delivery) >= delivery.policy.maxAttempts;

const waitForNext = (run: Run, delivery: Delivery, attempt: number): void => {
  const { intervalSeconds, backoffRate, maxDelaySeconds } = delivery.policy;
  const seconds = Math.min(intervalSeconds * backoffRate ** (attemptsMade(delivery) - 1), maxDelaySeconds);
  const dueMs = run.nowMs() + Math.ceil(seconds * 1_000);
  // The timer is the event after this one, and named for its place.
  const timer = `${run.state.version + 1}-${run.state.roundEvents + 1}` as TimerId;
  const nextAttemptAt = run.instantOf(dueMs);
  run.emit({ type: 'DeliveryAttemptFailed', delivery: delivery.id, attempt, timer, nextAttemptAt });
  run.arm('delivery-retry', ROOT_FRAME, dueMs);
};

/** The wait for the next attempt is over; undefined where the timer is another's. */
export const fireDeliveryTimer = (
  state: ExecutionState,
  command: RecordOf<'FireTimer'>,
  env: Env,
): ExecutionDecision | undefined => {
  const timer = timerOf(state, command.body.timer);
  if (timer?.purpose !== 'delivery-retry') return undefined;
  if (env.at < timer.dueAt) {
    return refused('TL0108', `timer ${timer.id} is due at ${timer.dueAt} only`, { dueAt: timer.dueAt });
  }
  const delivery = state.delivery?.list.find(({ phase }) => phase.kind === 'waiting' && phase.timer === timer.id);
  if (!delivery) throw new Error(`timer ${timer.id} is of no delivery`);
  const run = new Run(state, command, env);
  run.emit({ type: 'TimerFired', timer: timer.id });
  run.emit({ type: 'DeliveryAttemptStarted', delivery: delivery.id, attempt: delivery.phase.attempt + 1 });
  return run.accepted();
};

/** By hand: the one named, whether it failed or arrived; otherwise all that failed. */
export const retryDelivery = (
  state: ExecutionState,
  command: RecordOf<'RetryDelivery'>,
  env: Env,
): ExecutionDecision => {
  const { delivery: id } = command.body;
  const list = state.delivery?.list ?? [];
  const chosen = list.filter(({ id: own, phase }) =>
    id === undefined ? phase.kind === 'failed' : own === id && (phase.kind === 'failed' || phase.kind === 'delivered'),
  );
  if (chosen.length === 0) {
    const what = id === undefined ? 'no delivery has failed' : `delivery ${id} has neither failed nor arrived`;
    return refused('TL0182', `execution ${state.ref.aggregateId}: ${what}`);
  }
  const run = new Run(state, command, env);
  for (const { id: delivery, phase } of chosen) {
    run.emit({ type: 'DeliveryAttemptStarted', delivery, attempt: phase.attempt + 1, manual: true });
  }
  return run.accepted();
};
