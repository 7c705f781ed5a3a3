import { defineHandler } from '@throughline/worker-sdk';
import { z } from 'zod';

/** Does nothing, so that what is measured is the engine. */
export const handlers = [
  defineHandler({
    queue: 'bench',
    name: 'noop',
    effectClass: 'pure',
    input: z.unknown(),
    output: z.unknown(),
    run: (input) => input,
  }),
];
