/** What a script can branch on; in docs/operations.md too. */
export const EXIT = {
  ok: 0,
  /** The answer itself is bad: refused, broken, divergent, failed. */
  bad: 1,
  /** The command line or a value on it is wrong. */
  usage: 2,
  /** No answer, or no permission to have one. */
  unreachable: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
