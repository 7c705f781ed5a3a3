import { parseArgs } from 'node:util';

export interface Arguments {
  readonly seeds: number;
  /** Absent: where the last run stopped. */
  readonly from: number | undefined;
  readonly threads: number;
  readonly json: boolean;
  readonly mutants: boolean;
  /** With `mutants`: whether the pure specs find them, in place of seeds. */
  readonly unitSpecs: boolean;
  /** Of the planted faults; empty: all. */
  readonly only: readonly string[];
}

export const USAGE = `usage: npm run simulate -- [--seeds N] [--from S] [--threads T] [--json]
       npm run simulate -- --mutants [--unit-specs] [--seeds N] [--only NAME]...
  --seeds N    how many seeds (5000); with --mutants: at most so many for each planted fault (400)
  --unit-specs which planted faults the pure specs of their libraries find, in place of seeds
  --only NAME  of the planted faults
  --from S     the first one (where the last run stopped)
  --threads T  at once (2)`;

export const parseArguments = (args: readonly string[]): Arguments | undefined => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        from: { type: 'string' },
        threads: { type: 'string', default: '2' },
        json: { type: 'boolean', default: false },
        mutants: { type: 'boolean', default: false },
        'unit-specs': { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
      },
    });
    const seeds = wholeNumber(values.seeds ?? (values.mutants ? '400' : '5000'));
    const threads = wholeNumber(values.threads);
    const from = values.from === undefined ? undefined : wholeNumber(values.from);
    if (seeds === undefined || threads === undefined || (values.from !== undefined && from === undefined))
      return undefined;
    const { json, mutants, only } = values;
    return { seeds, from, threads, json, mutants, unitSpecs: values['unit-specs'], only };
  } catch {
    return undefined;
  }
};

const wholeNumber = (text: string): number | undefined => {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 1 ? number : undefined;
};
