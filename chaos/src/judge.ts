import { checkSystem, type CheckpointWatch, type CheckReport } from '@throughline/testkit/checker';
import type { ChaosSystem } from './chaos-system.ts';
import type { Load } from './load.ts';

/** Handlers that note in the sink's ledger what they do; so do requests to the sink. */
const NOTED = new Set(['effect', 'beat', 'work-on']);
const HTTP = 'arn:aws:states:::http:invoke';

/** Reads log, queues, tables and the ledger of the sink, past the proxies, and holds them against what clients were told. */
export const judge = (
  { direct, system, sink }: ChaosSystem,
  { record }: Load,
  checkpoints: CheckpointWatch,
): Promise<CheckReport> =>
  checkSystem({
    ...direct,
    serviceUrls: system.serviceUrls,
    apiKey: system.apiKey,
    acknowledged: record.all,
    effects: {
      done: sink.done,
      isNoted: ({ resource, handler }) =>
        resource === HTTP || (resource.startsWith('tl:task:chaos:') && NOTED.has(handler)),
    },
    checkpoints,
  });
