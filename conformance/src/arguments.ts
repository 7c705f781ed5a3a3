import { parseArgs } from 'node:util';

export interface Arguments {
  readonly cases: string;
  /** Runs only cases whose id or name holds this. */
  readonly only: string | undefined;
  /** `services`: as real processes; `pure`: decided in this process; `both`, and they must agree. */
  readonly mode: 'services' | 'pure' | 'both';
  readonly timerSpeed: number;
  readonly renamed: boolean;
  readonly json: boolean;
  readonly writeDocs: boolean;
}

export const USAGE = `usage: npm run conformance -- --cases <file or folder> [options]
  --fast-timers N   time on the log passes N times as fast (1 to 1000)
  --pure            decide in this process, without the services
  --both            both ways; exit 1 where they differ
  --renamed         each case again with other names; exit 1 where the score changes
  --only TEXT       only cases whose id or name holds TEXT
  --json            one object on standard output
  --write-docs      write docs/conformance.md, of a run through the services`;

const SPEED_MAX = 1_000;

/** Undefined where the arguments are not as the usage says. */
export const parseArguments = (argv: readonly string[]): Arguments | undefined => {
  const values = valuesOf(argv);
  if (values?.cases === undefined || (values.pure && (values.both || values['write-docs']))) return undefined;
  const timerSpeed = Number(values['fast-timers'] ?? '1');
  if (!(timerSpeed >= 1 && timerSpeed <= SPEED_MAX)) return undefined;
  return {
    cases: values.cases,
    only: values.only,
    mode: values.pure ? 'pure' : values.both ? 'both' : 'services',
    timerSpeed,
    renamed: values.renamed ?? false,
    json: values.json ?? false,
    writeDocs: values['write-docs'] ?? false,
  };
};

const valuesOf = (argv: readonly string[]) => {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        cases: { type: 'string' },
        only: { type: 'string' },
        'fast-timers': { type: 'string' },
        pure: { type: 'boolean' },
        both: { type: 'boolean' },
        renamed: { type: 'boolean' },
        json: { type: 'boolean' },
        'write-docs': { type: 'boolean' },
      },
    }).values;
  } catch {
    return undefined;
  }
};
