import type { Instant, Json, JsonObject } from '@throughline/contracts';
import type { Expenses } from './cost-meter.ts';

/** All that an evaluation may look at besides the state's own data. */
export interface Scope {
  /** `$$` and `$states.context`. */
  readonly context: JsonObject;
  /** The value of a variable in this or an outer scope; undefined where none is assigned. */
  readonly variable: (name: string) => Json | undefined;
  /** What `$now` and `$millis` read: the time of the command being decided. */
  readonly at: Instant;
  /** The next number in [0, 1) of the decision's seed. Drawn only where an expression asks for chance. */
  readonly random01: () => number;
  /** What the scopes of the decision have cost together; a scope that stands alone has none. */
  readonly expenses?: Expenses;
}
