import { parseArgs } from 'node:util';

export interface Arguments {
  readonly cases: string;
  readonly pure: boolean;
  readonly json: boolean;
  /** Runs only cases whose id or name holds this. */
  readonly only: string | undefined;
}

export const USAGE =
  'usage: npm run conformance -- --cases <file or folder> --pure [--only <part of id or name>] [--json]';

/** Undefined where the arguments are not as the usage says. */
export const parseArguments = (argv: readonly string[]): Arguments | undefined => {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        cases: { type: 'string' },
        pure: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string' },
      },
    });
    if (values.cases === undefined || !values.pure) return undefined;
    return { cases: values.cases, pure: values.pure, json: values.json, only: values.only };
  } catch {
    return undefined;
  }
};
