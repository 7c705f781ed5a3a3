import { jest } from '@jest/globals';
import { createClient, type ThroughlineClient } from '@throughline/client';
import { type Json, jsonSchema } from '@throughline/contracts';
import { eventually, startTestSystem, type TestSystem } from '@throughline/testkit';
import { defineHandler, type RunningWorker, startWorker } from '@throughline/worker-sdk';

jest.setTimeout(300_000);

const step = (handler: string, more: Readonly<Record<string, Json>> = {}): Json => ({
  Type: 'Task',
  Resource: `tl:task:shop:${handler}`,
  ...more,
});
const ORDER: Json = {
  StartAt: 'Price',
  States: {
    Price: step('price', { ResultPath: '$.price', Next: 'Reserve' }),
    Reserve: step('reserve', { Throughline: { EffectClass: 'idempotent' }, ResultPath: '$.reserved', Next: 'Charge' }),
    Charge: step('charge', { Throughline: { EffectClass: 'external' }, ResultPath: '$.charged', Next: 'Rest' }),
    Rest: { Type: 'Wait', Seconds: 1, Next: 'Label' },
    Label: step('label', { Throughline: { EffectClass: 'pure' }, End: true }),
  },
};

describe('executions that are made of the record of another', () => {
  let system: TestSystem;
  let client: ThroughlineClient;
  let worker: RunningWorker;
  let original: string;
  /** What the world outside has seen: handler and idempotency key. */
  const calls: { handler: string; key: string; executionId: string }[] = [];
  let isFickle = false;

  beforeAll(async () => {
    system = await startTestSystem({
      services: ['orchestrator', 'step-worker', 'replay-service', 'audit-service'],
    });
    client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
    const answering = (name: string, answer: (input: Json) => Json, effectClass?: 'pure') =>
      defineHandler({
        queue: 'shop',
        name,
        input: jsonSchema,
        output: jsonSchema,
        ...(effectClass ? { effectClass } : {}),
        run: (input, { idempotencyKey, executionId }) => {
          calls.push({ handler: name, key: idempotencyKey, executionId });
          return answer(input);
        },
      });
    worker = await startWorker({
      natsUrl: system.natsUrl,
      handlers: [
        // Declared by the handler alone: the definition says nothing.
        answering('price', () => (isFickle ? { total: Math.random() } : { total: 42 }), 'pure'),
        answering('reserve', () => 'reserved'),
        answering('charge', () => 'charged'),
        answering('label', (input) => ({ label: input })),
      ],
    });
    await client.registerWorkflow({ name: 'order', definition: ORDER });
    original = (await client.start('order', { input: { item: 'pump' }, waitMs: 30_000 })).id;
    expect((await client.get(original, { waitMs: 30_000 })).status).toBe('succeeded');
  });
  beforeEach(() => {
    calls.length = 0;
    isFickle = false;
  });
  afterAll(async () => {
    await worker?.stop();
    await system?.remove();
  });

  const ended = (id: string, status: string) =>
    eventually(`${id} is ${status}`, async () => {
      const view = await client.get(id);
      return view.status === status && view;
    });
  const called = () => calls.map(({ handler }) => handler);

  it('a re-execution runs pure steps alone, in an execution of its own, and finds the same', async () => {
    const before = await client.get(original);
    const { result } = await client.replay(original, { kind: 're-execute' });
    expect(result).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    expect(called()).toEqual(['price', 'label']);
    const again = await client.get(String(result.reExecution));
    expect(again).toMatchObject({ trigger: 'replay', status: 'succeeded', parentExecutionId: original });
    expect(again.output).toEqual(before.output);
    expect(await client.get(original)).toEqual(before);
    expect((await client.replay(again.id)).result.verdict).toBe('identical');
  });

  it('a live one runs what is idempotent too, under the keys of the original, and what is external if it may', async () => {
    const attempts = await client.attempts(original);
    const keyOf = (state: string) => attempts.items.find((attempt) => attempt.state === state)?.idempotencyKey;
    await client.replay(original, { kind: 're-execute', live: true });
    expect(called()).toEqual(['price', 'reserve', 'label']);
    expect(calls[1]?.key).toBe(keyOf('Reserve'));
    calls.length = 0;
    await client.replay(original, { kind: 're-execute', live: true, allowExternal: true });
    expect(called()).toEqual(['price', 'reserve', 'charge', 'label']);
    expect(calls[2]?.key).toBe(keyOf('Charge'));
  });

  it('a handler that is not as pure as it says is pinpointed', async () => {
    isFickle = true;
    const { result } = await client.replay(original, { kind: 're-execute' });
    expect(result).toMatchObject({
      verdict: 'divergent',
      firstDivergence: { step: { state: 'Price' }, pointer: '/attempts/1/outcome/output/total', expected: 42 },
    });
    expect(result.steps?.[0]).toMatchObject({ state: 'Price', verdict: 'nondeterministic' });
    // What comes after was asked something else, and the record does not pretend to know.
    expect(called()).toEqual(['price']);
  });

  it('from a step on, only that and what follows is done again', async () => {
    const { result } = await client.replay(original, {
      kind: 're-execute',
      mode: 'from_step',
      fromStep: { state: 'Label' as never },
    });
    expect(result).toMatchObject({ verdict: 'identical' });
    expect(called()).toEqual(['label']);
  });

  it('from a step on, what comes right before it is not done again', async () => {
    const { result } = await client.replay(original, {
      kind: 're-execute',
      mode: 'from_step',
      fromStep: { state: 'Charge' as never },
      live: true,
    });
    expect(result).toMatchObject({ verdict: 'identical' });
    // Neither the reservation, which was under way there, nor the charge, which is external.
    expect(called()).toEqual(['label']);
  });

  it('a fork without a change ends as the original did, and calls nobody', async () => {
    const fork = await client.fork(original, { at: 2 });
    const view = await ended(fork.executionId, 'succeeded');
    expect(view).toMatchObject({ trigger: 'fork', output: (await client.get(original)).output });
    expect(calls).toEqual([]);
    const lineage = await eventually('lineage shows it', async () => {
      const shown = await client.lineage(original);
      return shown.descendants.some(({ id }) => id === fork.executionId) && shown;
    });
    expect(lineage.descendants).toContainEqual(expect.objectContaining({ id: fork.executionId, trigger: 'fork' }));
  });

  it('a fork with a changed payload waits before its first changed step, and runs it when somebody has looked', async () => {
    const patch = [{ op: 'replace' as const, path: '/item', value: 'valve' }];
    const fork = await client.fork(original, { at: 2, patch });
    await ended(fork.executionId, 'needs_review');
    expect(calls).toEqual([]);
    await client.resume(fork.executionId);
    const view = await ended(fork.executionId, 'succeeded');
    expect(view.output).toMatchObject({ label: { item: 'valve', charged: 'charged' } });
    expect(called()).toEqual(['reserve', 'charge', 'label']);
    expect((await client.replay(fork.executionId)).result.verdict).toBe('identical');
  });

  it('a live fork runs it at once, under another definition where one is given', async () => {
    const { States, ...machine } = ORDER as { States: Readonly<Record<string, Json>> };
    const definition: Json = {
      ...machine,
      States: {
        ...States,
        Charge: step('charge', { Parameters: { twice: true }, ResultPath: '$.charged', Next: 'Rest' }),
      },
    };
    const fork = await client.fork(original, { at: 2, definition, live: true });
    expect(fork.workflow.version).toBe(2);
    await ended(fork.executionId, 'succeeded');
    expect(called()).toEqual(['charge', 'label']);
  });

  it.each([
    ['an unknown execution', 'nobody', { at: 1 }, 'TL0105'],
    ['a commit beyond the history', '', { at: 99 }, 'TL0401'],
    ['the end', '', { at: -1 }, 'TL0418'],
    ['a patch that leads nowhere', '', { at: 2, patch: [{ op: 'remove' as const, path: '/nothing' }] }, 'TL0415'],
    ['a definition that is none', '', { at: 2, definition: { StartAt: 'A' } }, 'TL0103'],
    [
      'one that has not the state',
      '',
      { at: 2, definition: { StartAt: 'A', States: { A: { Type: 'Succeed' } } } },
      'TL0417',
    ],
    ['a version that is not there', '', { at: 2, version: 77 }, 'TL0102'],
  ])('a fork of %s is refused', async (_what, id, { at, ...more }, code) => {
    const last = (await client.state(original)).at;
    const asked = client.fork(id === '' ? original : id, { at: at === -1 ? last : at, ...more });
    await expect(asked).rejects.toMatchObject({ code });
  });
});
