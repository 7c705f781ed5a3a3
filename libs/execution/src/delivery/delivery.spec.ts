import type {
  DeliveryRequest,
  DeliveryTask,
  ExecutionCommand,
  Instant,
  Json,
  JsonObject,
} from '@throughline/contracts';
import { machine, ONE_TASK, task } from '../spec/example-machines.ts';
import { codeOf, type ExecutionUnderTest, givenMachine, type Then, typesOf } from '../spec/given-when-then.ts';
import { awaitedEffects } from '../effects.ts';
import { canonicalHash } from '../hashes.ts';
import { deliveryStateOf } from './delivery-state.ts';
import { deliveryViewOf } from './delivery-view.ts';

const HOOK = { type: 'webhook', url: 'https://receiver.example/results', secret: 'secret://receiver' } as const;
const TO_HOOK: DeliveryRequest = {
  targets: [HOOK],
  maxAttempts: 3,
  intervalSeconds: 2,
  backoffRate: 3,
  maxDelaySeconds: 5,
};

const deliveriesIn = (then: Then): readonly DeliveryTask[] =>
  then.effects.flatMap((effect) => (effect.kind === 'delivery' ? [effect.task] : []));
const onlyDelivery = (then: Then): DeliveryTask => {
  const [only, other] = deliveriesIn(then);
  if (!only || other) throw new Error(`${deliveriesIn(then).length} deliveries`);
  return only;
};

const startWith = (execution: ExecutionUnderTest, delivery: DeliveryRequest): Then =>
  execution.when({
    type: 'StartExecution',
    body: { workflow: 'example', input: {}, trigger: 'manual', correlationId: 'corr-1' as never, delivery },
  });

const arrived = ({ delivery, attempt }: DeliveryTask, at: Instant): ExecutionCommand => ({
  type: 'CompleteDelivery',
  body: { delivery, attempt, answer: 'HTTP 204', startedAt: at, finishedAt: at, worker: 'spec' },
});
const missed = ({ delivery, attempt }: DeliveryTask, at: Instant, retryable = true): ExecutionCommand => ({
  type: 'FailDelivery',
  body: {
    delivery,
    attempt,
    error: 'HTTP 503',
    cause: 'busy',
    retryable,
    startedAt: at,
    finishedAt: at,
    worker: 'spec',
  },
});

const endedWith = (delivery: DeliveryRequest): { execution: ExecutionUnderTest; task: DeliveryTask } => {
  const execution = givenMachine(ONE_TASK);
  startWith(execution, delivery);
  return { execution, task: onlyDelivery(execution.complete({ price: 3 })) };
};

describe('an ended execution whose result is to be delivered', () => {
  test('schedules a delivery after its terminal event, and says what the receiver gets', () => {
    const execution = givenMachine(ONE_TASK);
    startWith(execution, TO_HOOK);
    const then = execution.complete({ price: 3 });
    expect(typesOf(then).slice(-2)).toEqual(['ExecutionSucceeded', 'DeliveryScheduled']);
    const { result, ...sent } = onlyDelivery(then);
    expect(sent).toMatchObject({
      target: HOOK,
      attempt: 1,
      lastAttempt: false,
      delivery: `2.${then.events.length - 1}`,
    });
    expect(result).toMatchObject({
      executionId: 'exec-1',
      workflow: { name: 'example', version: 1 },
      status: 'succeeded',
      output: { price: 3 },
      correlationId: 'corr-1',
      endedAt: execution.now,
    });
    const { contentHash, ...said } = result;
    expect(contentHash).toBe(canonicalHash(said as Json));
    expect(then.state).toMatchObject({ status: 'succeeded' });
    expect(deliveryStateOf(then.state.delivery)).toBe('pending');
  });

  test('is as it was once the receiver has it', () => {
    const { execution, task: attempt } = endedWith(TO_HOOK);
    const then = execution.when(arrived(attempt, execution.now));
    expect(typesOf(then)).toEqual(['DeliverySucceeded']);
    expect(deliveryViewOf(then.state)).toMatchObject({
      state: 'delivered',
      deliveries: [{ state: 'delivered', attempts: 1, answer: 'HTTP 204', error: null }],
    });
    expect(then.state.status).toBe('succeeded');
    expect(awaitedEffects(then.state)).toEqual([]);
  });

  test('tries again after waits that grow up to their bound, under the same key, and fails for good after the last', () => {
    const { execution, task: first } = endedWith({ ...TO_HOOK, maxAttempts: 4 });
    let attempt = first;
    const waits: number[] = [];
    for (let n = 1; n < 4; n += 1) {
      const then = execution.when(missed(attempt, execution.now));
      expect(typesOf(then)).toEqual(['DeliveryAttemptFailed', 'TimerArmed']);
      const before = Date.parse(execution.now);
      const fired = execution.fire();
      waits.push(Date.parse(execution.now) - before);
      expect(typesOf(fired)).toEqual(['TimerFired', 'DeliveryAttemptStarted']);
      attempt = onlyDelivery(fired);
      expect(attempt).toMatchObject({ attempt: n + 1, idempotencyKey: first.idempotencyKey, result: first.result });
    }
    expect(waits).toEqual([2_000, 5_000, 5_000]);
    expect(attempt.lastAttempt).toBe(true);
    const then = execution.when(missed(attempt, execution.now));
    expect(typesOf(then)).toEqual(['DeliveryFailed']);
    expect(deliveryViewOf(then.state)).toMatchObject({
      state: 'failed',
      deliveries: [{ state: 'failed', attempts: 4, error: 'HTTP 503', cause: 'busy' }],
    });
  });

  test('does not try again what no attempt can mend', () => {
    const { execution, task: attempt } = endedWith(TO_HOOK);
    expect(typesOf(execution.when(missed(attempt, execution.now, false)))).toEqual(['DeliveryFailed']);
  });

  test('takes a success that comes late, once, and then nothing more', () => {
    const { execution, task: attempt } = endedWith(TO_HOOK);
    execution.when(missed(attempt, execution.now));
    expect(typesOf(execution.when(arrived(attempt, execution.now)))).toEqual(['TimerCancelled', 'DeliverySucceeded']);
    expect(codeOf(execution.when(arrived(attempt, execution.now)))).toBe('TL0181');
    expect(codeOf(execution.when(missed(attempt, execution.now)))).toBe('TL0181');
    expect(codeOf(execution.when(arrived({ ...attempt, attempt: 9 }, execution.now)))).toBe('TL0181');
    expect(execution.state.timers.size).toBe(0);
  });

  test('tells a requeued dead letter that nothing changed, and believes it when it arrives', () => {
    const { execution, task: attempt } = endedWith({ ...TO_HOOK, maxAttempts: 1 });
    execution.when(missed(attempt, execution.now));
    expect(execution.when(missed(attempt, execution.now)).outcomes).toEqual([{ kind: 'ignored' }]);
    expect(typesOf(execution.when(arrived(attempt, execution.now)))).toEqual(['DeliverySucceeded']);
  });

  test('delivers again by hand, with as many attempts as at first', () => {
    const { execution, task: first } = endedWith({ ...TO_HOOK, maxAttempts: 2 });
    execution.when(missed(first, execution.now, false));
    const again = execution.when({ type: 'RetryDelivery', body: {} });
    expect(typesOf(again)).toEqual(['DeliveryAttemptStarted']);
    const second = onlyDelivery(again);
    expect(second).toMatchObject({ attempt: 2, lastAttempt: false, idempotencyKey: first.idempotencyKey });
    expect(codeOf(execution.when({ type: 'RetryDelivery', body: {} }))).toBe('TL0182');
    execution.when(arrived(second, execution.now));
    expect(codeOf(execution.when({ type: 'RetryDelivery', body: {} }))).toBe('TL0182');
    const named = execution.when({ type: 'RetryDelivery', body: { delivery: first.delivery } });
    expect(onlyDelivery(named).attempt).toBe(3);
  });

  test('fires no timer of a delivery before its time', () => {
    const { execution, task: attempt } = endedWith(TO_HOOK);
    execution.when(missed(attempt, execution.now));
    const timer = execution.nextTimer();
    expect(codeOf(execution.when({ type: 'FireTimer', body: { timer } }))).toBe('TL0108');
    execution.fire(timer);
    expect(codeOf(execution.when({ type: 'FireTimer', body: { timer } }))).toBe('TL0106');
  });

  test('awaits the attempt under way, or the timer before the next', () => {
    const { execution, task: attempt } = endedWith(TO_HOOK);
    expect(awaitedEffects(execution.state)).toMatchObject([{ kind: 'delivery', task: attempt }]);
    execution.when(missed(attempt, execution.now));
    expect(awaitedEffects(execution.state)).toMatchObject([{ kind: 'arm-timer', timer: execution.nextTimer() }]);
  });
});

describe('an execution that is opened again', () => {
  test('takes back what has not arrived, and delivers its next end as another result', () => {
    const execution = givenMachine(ONE_TASK);
    startWith(execution, TO_HOOK);
    const first = onlyDelivery(execution.fail('Broken'));
    execution.when(missed(first, execution.now));
    const reopened = execution.when({ type: 'RetryExecution', body: {} });
    expect(typesOf(reopened).slice(0, 2)).toEqual(['TimerCancelled', 'ExecutionReopened']);
    expect(deliveryStateOf(reopened.state.delivery)).toBeNull();
    expect(codeOf(execution.when(arrived(first, execution.now)))).toBe('TL0181');
    const second = onlyDelivery(execution.complete(1));
    expect(second.result).toMatchObject({ status: 'succeeded', output: 1 });
    expect(second.idempotencyKey).not.toBe(first.idempotencyKey);
  });
});

describe('which ends are delivered', () => {
  test('are success and failure where nothing is said', () => {
    const failing = givenMachine(ONE_TASK);
    startWith(failing, TO_HOOK);
    expect(onlyDelivery(failing.fail('Broken', 'why')).result).toMatchObject({
      status: 'failed',
      error: 'Broken',
      cause: 'why',
    });
    const cancelled = givenMachine(ONE_TASK);
    startWith(cancelled, TO_HOOK);
    expect(typesOf(cancelled.cancel())).toEqual(['StepCancelled', 'ExecutionCancelled']);
    expect(codeOf(cancelled.when({ type: 'RetryDelivery', body: {} }))).toBe('TL0182');
  });

  test('may be others', () => {
    const execution = givenMachine(ONE_TASK);
    startWith(execution, { ...TO_HOOK, on: ['cancelled'] });
    expect(onlyDelivery(execution.cancel()).result.status).toBe('cancelled');
    const succeeding = givenMachine(ONE_TASK);
    startWith(succeeding, { ...TO_HOOK, on: ['cancelled'] });
    expect(typesOf(succeeding.complete(1)).at(-1)).toBe('ExecutionSucceeded');
  });
});

describe('where a result goes', () => {
  const DELIVERY: JsonObject = {
    Targets: [
      { Type: 'nats', Subject: 'orders.done' },
      { Type: 'file', Path: 'o/{executionId}.json' },
    ],
  };
  const definition = machine({ Work: task() }, { Throughline: { Delivery: DELIVERY } });

  test('the definition says, and the start in addition', () => {
    const execution = givenMachine(definition);
    startWith(execution, TO_HOOK);
    const sent = deliveriesIn(execution.complete(1));
    expect(sent.map(({ target }) => target.type)).toEqual(['nats', 'file', 'webhook']);
    expect(new Set(sent.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);
    execution.when(missed(sent[0] as DeliveryTask, execution.now, false));
    expect(deliveryStateOf(execution.state.delivery)).toBe('pending');
    execution.when(arrived(sent[1] as DeliveryTask, execution.now));
    execution.when(arrived(sent[2] as DeliveryTask, execution.now));
    expect(deliveryStateOf(execution.state.delivery)).toBe('failed');
  });

  test.each<[string, DeliveryRequest['targets'][number]]>([
    ['another protocol', { type: 'webhook', url: 'file:///etc/passwd' }],
    ['credentials in the URL', { type: 'webhook', url: 'https://user:word@receiver.example/' }],
    ['a port that is none', { type: 'webhook', url: 'https://receiver.example:70000/' }],
    ['a secret that is written out', { ...HOOK, secret: 'hunter2' }],
    ['a secret elsewhere', { ...HOOK, secret: 'secret://../other' }],
    ['a wildcard', { type: 'nats', subject: 'orders.*' }],
    ['a subject without tokens', { type: 'nats', subject: 'orders..done' }],
    ['a path upwards', { type: 'file', path: '../../etc/passwd' }],
    ['an absolute path', { type: 'file', path: '/etc/passwd' }],
    ['a hidden file', { type: 'file', path: 'a/.ssh' }],
    ['a path upwards in its middle', { type: 'file', path: 'a/../../b' }],
  ])('%s is refused at the start', (_what, target) => {
    const execution = givenMachine(ONE_TASK);
    expect(codeOf(startWith(execution, { targets: [target] }))).toBe('TL0180');
    expect(execution.state.version).toBe(0);
  });
});

test('an execution without delivery has nothing more on its log, and no state for it', () => {
  const execution = givenMachine(ONE_TASK);
  execution.start();
  const then = execution.complete(1);
  expect(typesOf(then)).toEqual(['StepSucceeded', 'StateExited', 'ExecutionSucceeded']);
  expect(then.state.delivery).toBeNull();
});
