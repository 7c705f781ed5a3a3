import { parseArgs } from 'node:util';
import { TOPOLOGIES, type Topology } from './chaos-system.ts';

export interface Arguments {
  readonly minutes: number;
  readonly seed: number;
  readonly topologies: readonly Topology[];
  readonly json: boolean;
  readonly rate: number;
  readonly faultsPerMinute: number;
}

export const USAGE = `usage: npm run chaos -- [--minutes N] [--seed S] [--topology single|cluster|both] [--rate N] [--faults N] [--json]
  --minutes N    how long faults and load go on, over all topologies (4 unless told)
  --seed S       the faults are drawn by it (drawn itself and printed unless told)
  --topology T   one NATS server, three, or both one after the other (both unless told)
  --rate N       acknowledged commands a second that the load aims at (250 unless told)
  --faults N     faults a minute (8 unless told)
  --json         the report as JSON on standard output`;

const MINUTES_MAX = 24 * 60;

const number = (
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined => {
  const value = Number(text);
  return /^\d+(\.\d+)?$/.test(text) && value >= least && value <= most ? value : undefined;
};

/** Undefined where the arguments are not as the usage says. */
export const parseArguments = (argv: readonly string[]): Arguments | undefined => {
  const option = { type: 'string' } as const;
  const options = {
    minutes: option,
    seed: option,
    topology: option,
    rate: option,
    faults: option,
    json: { type: 'boolean' },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...argv], options }));
  } catch {
    return undefined;
  }
  const minutes = number(values.minutes ?? '4', { least: 0.2, most: MINUTES_MAX });
  const seed = number(values.seed ?? String(Math.floor(Math.random() * 2 ** 31)), { least: 0, most: 2 ** 32 - 1 });
  const rate = number(values.rate ?? '250', { least: 1, most: 10_000 });
  const faultsPerMinute = number(values.faults ?? '8', { least: 1, most: 60 });
  const { topology = 'both' } = values;
  const topologies = topology === 'both' ? TOPOLOGIES : TOPOLOGIES.filter((name) => name === topology);
  if (minutes === undefined || seed === undefined || !Number.isInteger(seed)) return undefined;
  if (rate === undefined || faultsPerMinute === undefined || topologies.length === 0) return undefined;
  return { minutes, seed, topologies, json: values.json === true, rate, faultsPerMinute };
};
