import { defineHandler, StepError } from '@throughline/worker-sdk';
import { z } from 'zod';

/** What step-worker runs for the machines of `machines.ts`. Where the sink is stands in its environment. */

const SINK_URL = process.env['CHAOS_SINK_URL'] ?? 'http://127.0.0.1:1';

const told = async (path: string, body: object, signal: AbortSignal): Promise<void> => {
  const response = await fetch(`${SINK_URL}${path}`, {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new StepError('Chaos.Sink', `the sink answered ${response.status}`);
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const handlers = [
  defineHandler({
    queue: 'chaos',
    name: 'effect',
    effectClass: 'idempotent',
    input: z.object({ behaviour: z.enum(['plain', 'shy']).default('plain') }),
    output: z.object({ key: z.string() }),
    async run({ behaviour }, { idempotencyKey: key, signal }) {
      await told('/effects', { key, behaviour }, signal);
      return { key };
    },
  }),
  defineHandler({
    queue: 'chaos',
    name: 'beat',
    effectClass: 'idempotent',
    input: z.object({ beats: z.int().min(1).max(20) }),
    output: z.object({ beats: z.int() }),
    async run({ beats }, { idempotencyKey: key, signal, heartbeat }) {
      for (let beat = 0; beat < beats; beat += 1) {
        await heartbeat();
        await pause(200);
      }
      await told('/effects', { key }, signal);
      return { beats };
    },
  }),
  defineHandler({
    queue: 'chaos',
    name: 'compute',
    effectClass: 'pure',
    input: z.object({ n: z.int() }),
    output: z.object({ square: z.int() }),
    run: ({ n }) => ({ square: n * n }),
  }),
  defineHandler({
    queue: 'chaos',
    name: 'refuse',
    effectClass: 'pure',
    input: z.unknown(),
    output: z.null(),
    run() {
      throw new StepError('Chaos.Refused', 'as it was asked to');
    },
  }),
  defineHandler({
    queue: 'chaos',
    name: 'ask',
    effectClass: 'idempotent',
    input: z.object({ token: z.string() }),
    output: z.null(),
    async run({ token }, { executionId, signal }) {
      await told('/tokens', { execution: executionId, token }, signal);
      return null;
    },
  }),
  defineHandler({
    queue: 'chaos',
    name: 'work-on',
    effectClass: 'idempotent',
    input: z.object({ asset: z.string() }),
    output: z.object({ asset: z.string() }),
    async run({ asset }, { idempotencyKey: key, fencingTokens, signal }) {
      const fencingToken = fencingTokens[asset] ?? 0;
      await told('/work', { key, asset, fencingToken }, signal);
      return { asset };
    },
  }),
];
