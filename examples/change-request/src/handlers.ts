import { setTimeout as sleep } from 'node:timers/promises';
import { callHeaders, defineHandler, type HandlerContext, StepError } from '@throughline/worker-sdk';
import { z } from 'zod';

const FIRMWARE = /^\d+\.\d+\.\d+$/;
const MINUTES_PER_BLOCK = 0.5;

const planSchema = z.object({
  asset: z.string().min(1),
  firmware: z.string(),
  blocks: z.int().positive(),
  downtimeMinutes: z.number(),
  riskLevel: z.enum(['low', 'high']),
  steps: z.array(z.string()),
});

export const plan = defineHandler({
  queue: 'changes',
  name: 'plan',
  effectClass: 'pure',
  input: z.object({ asset: z.string().min(1), firmware: z.string(), blocks: z.int().min(1).max(10_000) }),
  output: planSchema,
  run({ asset, firmware, blocks }) {
    if (!FIRMWARE.test(firmware))
      throw new StepError('Change.NoSuchFirmware', `${firmware} is no version of a firmware`);
    return {
      asset,
      firmware,
      blocks,
      downtimeMinutes: blocks * MINUTES_PER_BLOCK,
      riskLevel: blocks > 100 ? ('high' as const) : ('low' as const),
      steps: [`back up ${asset}`, `lock ${asset}`, `write ${blocks} blocks of ${firmware}`],
    };
  },
});

const sessionSchema = z.object({ session: z.string(), blocksWritten: z.int() });

/** One block after the other. Told to stop, it puts back what the asset ran before, and says how far it had come. */
export const write = defineHandler({
  queue: 'changes',
  name: 'write',
  effectClass: 'idempotent',
  input: z.object({ assetsUrl: z.string(), asset: z.string(), plan: planSchema, blockMs: z.int().min(0).max(60_000) }),
  output: z.object({ firmware: z.string(), blocks: z.int() }),
  async run({ assetsUrl, asset, plan: { firmware, blocks }, blockMs }, context) {
    const tell = callTo(assetsUrl, context);
    const begun = await tell('/sessions', { asset, by: context.executionId, firmware, blocks });
    const { session, blocksWritten } = sessionSchema.parse(begun);
    for (let block = blocksWritten; block < blocks; block += 1) {
      await sleep(blockMs);
      if (context.signal.aborted) {
        await tell(`/sessions/${session}/end`, { outcome: 'put back' });
        throw new StepError('Change.Interrupted', `stopped after ${block} of ${blocks} blocks; ${asset} is as it was`);
      }
      await tell(`/sessions/${session}/blocks`, { block });
    }
    await tell(`/sessions/${session}/end`, { outcome: 'committed' });
    context.log('ok', `${asset} runs ${firmware}`, { blocks });
    return { firmware, blocks };
  },
});

const ANSWER_MS = 10_000;

/** Every call carries the fencing token of the step's lock, and the step's idempotency key. */
const callTo =
  (assetsUrl: string, context: HandlerContext) =>
  async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${assetsUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...callHeaders(context) },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch((error: unknown) => {
      throw new StepError('Asset.Unreachable', error instanceof Error ? error.message : String(error));
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as unknown;
    throw new StepError(response.status === 409 ? 'Asset.Refused' : 'Asset.Unreachable', `${response.status}: ${text}`);
  };

export const handlers = [plan, write];
