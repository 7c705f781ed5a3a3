import { type StepTask, stepTaskSchema } from '@throughline/contracts';
import { z } from 'zod';
import { AttemptAbandoned, executeTask, type ExecuteTaskOptions } from './execute-task.ts';
import { defineHandler, type Handler } from './handler.ts';
import { handlerSet } from './handler-set.ts';
import { jsonHash } from './json-hash.ts';
import { StepError } from './step-error.ts';

const taskFor = (given: Partial<Record<keyof StepTask, unknown>> = {}): StepTask =>
  stepTaskSchema.parse({
    v: 1,
    tenant: 'default',
    executionId: 'order-1',
    token: '3.2',
    workflow: { name: 'orders', version: 1 },
    state: 'Price',
    frame: '0',
    attempt: 2,
    resource: 'tl:task:orders:price',
    queue: 'orders',
    handler: 'price',
    input: { amount: 2 },
    effectClass: 'pure',
    idempotencyKey: 'a'.repeat(64),
    scheduledAt: '2026-01-31T12:00:00.000Z',
    correlationId: 'corr-1',
    traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
    ...given,
  });

const price = (run: Parameters<typeof defineHandler<z.ZodType<{ amount: number }>, z.ZodType>>[0]['run']): Handler =>
  defineHandler({
    queue: 'orders',
    name: 'price',
    effectClass: 'pure',
    input: z.object({ amount: z.number() }),
    output: z.unknown(),
    run,
  });

const runTask = (handler: Handler, task = taskFor(), options: Partial<ExecuteTaskOptions> = {}) =>
  executeTask(task, handlerSet([handler]), { worker: 'spec', ...options });

const failureOf = async (handler: Handler, task = taskFor(), options: Partial<ExecuteTaskOptions> = {}) => {
  const report = await runTask(handler, task, options);
  if (report.type !== 'FailStep') throw new Error(`expected a failure, got ${JSON.stringify(report)}`);
  return report.body;
};

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
  });

describe('executeTask', () => {
  it('a handler that returns completes the step with its output and hash, under the token of the task', async () => {
    const report = await runTask(price(({ amount }) => ({ total: amount * 2, currency: 'EUR' })));
    expect(report).toMatchObject({
      type: 'CompleteStep',
      body: { token: '3.2', output: { total: 4, currency: 'EUR' }, worker: 'spec' },
    });
    expect(report.type === 'CompleteStep' && report.body.outputHash).toBe(jsonHash({ currency: 'EUR', total: 4 }));
  });

  it('the handler sees execution, correlation, attempt, idempotency key, state and trace of its task', async () => {
    let seen: unknown;
    await runTask(
      price((_input, { executionId, correlationId, attempt, idempotencyKey, state, traceparent }) => {
        seen = { executionId, correlationId, attempt, idempotencyKey, state, traceparent };
        return null;
      }),
    );
    expect(seen).toMatchObject({
      executionId: 'order-1',
      correlationId: 'corr-1',
      attempt: 2,
      idempotencyKey: 'a'.repeat(64),
      state: 'Price',
      traceparent: expect.stringContaining('1'.repeat(32)),
    });
  });

  it('what a handler declares itself to be is reported where neither the task nor its definition says so', async () => {
    const said = async (given: Parameters<typeof taskFor>[0]) => {
      const { body } = await runTask(
        price(({ amount }) => amount),
        taskFor(given),
      );
      return 'effectClass' in body ? body.effectClass : undefined;
    };
    expect(await said({ effectClass: 'idempotent' })).toBe('pure');
    expect(await said({ effectClass: 'idempotent', input: 'which the schema refuses' })).toBe('pure');
    expect(await said({ effectClass: 'pure' })).toBeUndefined();
    expect(await said({ effectClass: 'external' })).toBeUndefined();
    const resource = 'arn:aws:states:::lambda:invoke';
    expect(await said({ resource, effectClass: 'external' })).toBe('pure');
    expect(await said({ resource, effectClass: 'idempotent' })).toBeUndefined();
  });

  it('what JSON cannot hold is reported as its JSON form, undefined as null', async () => {
    expect((await runTask(price(() => undefined))).body).toMatchObject({ output: null });
    expect((await runTask(price(() => ({ at: new Date(0), none: undefined })))).body).toMatchObject({
      output: { at: '1970-01-01T00:00:00.000Z' },
    });
  });

  it('input that does not match the schema fails the step and never runs the handler', async () => {
    let ran = false;
    const handler = price(() => (ran = true));
    expect(await failureOf(handler, taskFor({ input: { amount: 'two' } }))).toMatchObject({
      error: 'Throughline.InputInvalid',
      cause: expect.stringContaining('amount'),
    });
    expect(ran).toBe(false);
  });

  it('output that does not match the schema fails the step', async () => {
    const handler = defineHandler({
      queue: 'orders',
      name: 'price',
      input: z.unknown(),
      output: z.object({ total: z.number() }),
      // The cast plays a handler written without types.
      run: () => ({ total: 'four' }) as unknown as { total: number },
    });
    expect(await failureOf(handler)).toMatchObject({ error: 'Throughline.OutputInvalid' });
  });

  it('output over 256 KiB fails with States.DataLimitExceeded', async () => {
    expect(await failureOf(price(() => 'x'.repeat(256 * 1024 - 1)))).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
    expect((await runTask(price(() => 'x'.repeat(256 * 1024 - 2)))).type).toBe('CompleteStep');
  });

  it('whatever is thrown fails the step: no text, no string for a message, nothing at all', async () => {
    const failures = [Object.create(null), Object.assign(new Error('x'), { message: { code: 5 } }), null, 10n];
    for (const thrown of failures) {
      const handler = price(() => {
        throw thrown;
      });
      expect(await failureOf(handler)).toMatchObject({ error: 'States.TaskFailed', cause: expect.any(String) });
    }
    const stepError = Object.assign(new StepError('Card.Declined', 'x'), { message: 7 });
    const declined = price(() => Promise.reject(stepError));
    expect(await failureOf(declined)).toMatchObject({ error: 'Card.Declined', cause: '7' });
  });

  it('output nested deeper than 256 levels fails with States.DataLimitExceeded, and the worker lives on', async () => {
    const nested = (levels: number): never => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as never;
    expect(await failureOf(price(() => nested(257)))).toMatchObject({ error: 'States.DataLimitExceeded' });
    expect((await runTask(price(() => nested(256)))).type).toBe('CompleteStep');
  });

  it('a StepError fails the step with its own error name, any other error with States.TaskFailed and no stack', async () => {
    const declined = price(() => {
      throw new StepError('Card.Declined', 'limit reached');
    });
    expect(await failureOf(declined)).toMatchObject({ error: 'Card.Declined', cause: 'limit reached' });
    const broken = price(() => {
      throw new TypeError('no such card');
    });
    expect(await failureOf(broken)).toMatchObject({ error: 'States.TaskFailed', cause: 'no such card' });
  });

  it('an error name or cause beyond its bound is cut, so that the report still parses', async () => {
    const wordy = price(() => {
      throw new StepError('E'.repeat(300), 'c'.repeat(40_000));
    });
    const { error, cause } = await failureOf(wordy);
    expect([error?.length, cause?.length]).toEqual([256, 32_768]);
  });

  it('a task for a handler that is not here fails with Throughline.HandlerNotFound', async () => {
    expect(
      await failureOf(
        price(() => null),
        taskFor({ handler: 'ship' }),
      ),
    ).toMatchObject({
      error: 'Throughline.HandlerNotFound',
    });
  });

  it('a handler over its time is aborted and reported as States.Timeout', async () => {
    const slow = price((_input, { signal }) => untilAborted(signal));
    expect(await failureOf(slow, taskFor({ timeoutMs: 20 }))).toMatchObject({ error: 'States.Timeout' });
  });

  it('an output that comes after the abort is still reported: the log decides whether it is late', async () => {
    const stubborn = price(async (_input, { signal }) => {
      await untilAborted(signal).catch(() => undefined);
      return 'done';
    });
    expect(await runTask(stubborn, taskFor({ timeoutMs: 20 }))).toMatchObject({ type: 'CompleteStep' });
  });

  it('a worker that stops reports nothing, so the task is delivered again', async () => {
    const stop = new AbortController();
    const slow = price((_input, { signal }) => {
      stop.abort();
      return untilAborted(signal);
    });
    await expect(runTask(slow, taskFor(), { signal: stop.signal })).rejects.toBeInstanceOf(AttemptAbandoned);
  });

  it('a heartbeat that finds the attempt closed aborts the handler', async () => {
    const beating = price(async (_input, { heartbeat, signal }) => {
      await heartbeat();
      signal.throwIfAborted();
      return 'open';
    });
    const beats: string[] = [];
    const heartbeat = (task: StepTask) => {
      beats.push(task.token);
      return Promise.resolve('closed' as const);
    };
    expect(await runTask(beating, taskFor(), { heartbeat })).toMatchObject({ body: { output: 'open' } });
    expect(beats).toEqual([]);
    expect(await failureOf(beating, taskFor({ heartbeatMs: 1_000 }), { heartbeat })).toMatchObject({
      error: 'States.TaskFailed',
    });
    expect(beats).toEqual(['3.2']);
  });
});

describe('defineHandler', () => {
  it('refuses names that could not be a subject token or a resource', () => {
    const named = (queue: string, name: string) => () =>
      defineHandler({ queue, name, input: z.unknown(), output: z.unknown(), run: () => null });
    expect(named('a.b', 'x')).toThrow();
    expect(named('a', 'x y')).toThrow(/handler name/);
    expect(named('a', 'x')).not.toThrow();
  });

  it('two handlers of one queue and name are refused when the set is made', () => {
    expect(() => handlerSet([price(() => 1), price(() => 2)])).toThrow(/tl:task:orders:price/);
  });
});

describe('jsonHash', () => {
  it('does not depend on the order of keys, but on the order of items', () => {
    expect(jsonHash({ a: 1, b: [1, 2] })).toBe(jsonHash({ b: [1, 2], a: 1 }));
    expect(jsonHash([1, 2])).not.toBe(jsonHash([2, 1]));
  });

  it('is the sha256 of the RFC 8785 text', () => {
    expect(jsonHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });
});
