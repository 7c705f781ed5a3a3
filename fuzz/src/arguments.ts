import { type Draw, KIND_NAMES } from './fuzz-case.ts';
import { parseArgs } from 'node:util';

export interface Arguments extends Draw {
  readonly count: number;
  /** Only this case, shown with what it gives. */
  readonly only: number | undefined;
}

export const USAGE = `usage: npm run fuzz -- [--count N] [--seed S] [--kind NAME] [--case K]
  --count N   how many cases (10,000 unless told)
  --seed S    the cases are a function of it (drawn and printed unless told)
  --kind NAME only ${KIND_NAMES.join(', ')}
  --case K    only this case of the seed, and show it`;

const wholeNumber = (text: string | undefined, max: number): number | undefined => {
  const number = Number(text);
  return text !== undefined && /^\d+$/.test(text) && number <= max ? number : undefined;
};

/** Undefined where the arguments are not as the usage says. */
export const parseArguments = (argv: readonly string[]): Arguments | undefined => {
  let values;
  try {
    const option = { type: 'string' } as const;
    values = parseArgs({
      args: [...argv],
      options: { count: option, seed: option, case: option, kind: option },
    }).values;
  } catch {
    return undefined;
  }
  const count = wholeNumber(values.count ?? '10000', 100_000_000);
  const seed = wholeNumber(values.seed ?? String(Math.floor(Math.random() * 2 ** 31)), 2 ** 31);
  const only = wholeNumber(values.case, 100_000_000);
  const kind = KIND_NAMES.find((name) => name === values.kind);
  if (values.kind !== undefined && kind === undefined) return undefined;
  if (count === undefined || seed === undefined || (values.case !== undefined && only === undefined)) return undefined;
  return { count, seed, kind, only };
};
