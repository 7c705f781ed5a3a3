import { type Instant, instantSchema, type Json, type JsonObject } from '@throughline/contracts';
import type { Scope } from '../scope.ts';

export interface ScopeParts {
  readonly context?: JsonObject;
  readonly variables?: JsonObject;
  readonly at?: string;
  /** What `random01` gives, from the start again after the last. */
  readonly draws?: readonly number[];
}

/** A scope for specs: empty, at a fixed time, with chance that always falls the same way. */
export const scopeWith = ({ context = {}, variables = {}, at, draws = [0.5] }: ScopeParts = {}): Scope => {
  let drawn = 0;
  const instant: Instant = instantSchema.parse(at ?? '2026-01-31T12:00:00.000Z');
  return {
    context,
    variable: (name): Json | undefined => (Object.hasOwn(variables, name) ? variables[name] : undefined),
    at: instant,
    random01: () => draws[drawn++ % draws.length] ?? 0,
  };
};
