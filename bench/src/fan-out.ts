import { readFileSync } from 'node:fs';
import type { Json } from '@throughline/contracts';
import type { RunningSystem } from '@throughline/local-system';
import { type Spread, spreadOf } from './measurements.ts';
import type { Workload } from './workload.ts';

/** One no-op step for every item, all at once. */
export const EACH_ITEM: Json = {
  StartAt: 'Each',
  States: {
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: {
        StartAt: 'Step',
        States: { Step: { Type: 'Task', Resource: 'tl:task:bench:noop', End: true } },
      },
      ResultPath: '$.results',
      End: true,
    },
  },
};

export interface FanOut {
  readonly items: number;
  /** From the start command to the stored end. */
  readonly elapsedMs: Spread;
  readonly runs: number;
  /** The most memory that each process has ever held, in MiB; null where the platform does not tell. */
  readonly peakMiB: Readonly<Record<string, number>> | null;
}

/** W3: a Map over `items` no-op steps and its join, one at a time. */
export const fanOut = async (
  system: RunningSystem,
  workload: Workload,
  { workflow, items, runs }: { readonly workflow: string; readonly items: number; readonly runs: number },
): Promise<FanOut> => {
  const input = { items: Array.from({ length: items }, (_none, i) => i) };
  const elapsed: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { elapsedMs, end } = await workload.run(workflow, input);
    if (end !== 'Succeeded') throw new Error(`a Map of ${items} items ended as ${end}`);
    elapsed.push(elapsedMs);
  }
  return { items, elapsedMs: spreadOf(elapsed), runs, peakMiB: peaks(system) };
};

const HIGH_WATER_MARK = /^VmHWM:\s+(\d+) kB/m;

const peaks = (system: RunningSystem): Readonly<Record<string, number>> | null => {
  try {
    return Object.fromEntries(
      [...system.processes].map(([name, { pid }]) => {
        const kib = Number(HIGH_WATER_MARK.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
        return [name, Math.round(kib / 1_024)];
      }),
    );
  } catch {
    return null;
  }
};
