/** What a message of the library may quote. */
export interface FailureDetails {
  readonly token?: unknown;
  readonly value?: unknown;
  readonly value2?: unknown;
  readonly index?: unknown;
  readonly type?: unknown;
  readonly exp?: unknown;
  readonly functionName?: unknown;
  readonly message?: unknown;
}

/** An evaluation that cannot go on, by the code that JSONata gives it: `T2001`, `D3030`, … */
export class JsonataFailure extends Error {
  constructor(
    readonly code: string,
    readonly details: FailureDetails = {},
  ) {
    super(code);
  }

  /** The same failure, naming the operator or function in which it came about unless it names one already. */
  within(token: unknown): JsonataFailure {
    return this.details.token === undefined ? new JsonataFailure(this.code, { ...this.details, token }) : this;
  }
}

/** A bound that was reached, in AWS's words. */
export class BoundReached extends Error {}

export const DETAILS = ['token', 'value', 'value2', 'index', 'type', 'exp', 'functionName', 'message'] as const;

const isCoded = (error: unknown): error is { readonly code: string } & FailureDetails =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';

/** What the library threw, as a failure of ours. Anything else it throws is a slip of its own, whose text varies. */
export const failureOf = (error: unknown, otherwise: string): JsonataFailure | BoundReached => {
  if (!isCoded(error)) return new BoundReached(otherwise);
  const details = Object.fromEntries(DETAILS.flatMap((name) => (name in error ? [[name, error[name]]] : [])));
  return new JsonataFailure(error.code, details);
};
