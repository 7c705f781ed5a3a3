/** Parts of the language that are read and checked here, and that a decider may not know yet. */
export const PARTS = ['Parallel', 'Map', 'Assign', 'JSONata', 'child', 'activity', 'callback'] as const;
export type Part = (typeof PARTS)[number];

/** What `parseMachine` refuses: nothing runs that would not be run as written. Taking a part out of this list opens it. */
export const NOT_RUN_YET: readonly Part[] = [];
