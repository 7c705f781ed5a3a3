/** Names of errors that a `Retry` or `Catch` can match, beside those that handlers choose themselves. */
export const ERROR_NAMES = {
  cancelled: 'Throughline.Cancelled',
  taskFailed: 'States.TaskFailed',
  timeout: 'States.Timeout',
  dataLimitExceeded: 'States.DataLimitExceeded',
  inputInvalid: 'Throughline.InputInvalid',
  outputInvalid: 'Throughline.OutputInvalid',
  handlerNotFound: 'Throughline.HandlerNotFound',
} as const;

/**
 * Thrown by a handler to fail its step with an error name of its choice, for the machine's `Retry` and `Catch` to
 * match. Any other thrown error fails the step with `States.TaskFailed`.
 */
export class StepError extends Error {
  /** What the machine matches; `name` stays the class's own, as JavaScript has it. */
  readonly errorName: string;

  constructor(errorName: string, cause: string) {
    super(cause);
    this.name = 'StepError';
    this.errorName = errorName;
  }
}

/**
 * Thrown by a handler that should not begin now, because whom it calls is known to fail or busy. The attempt stays open and comes
 * again, here or elsewhere: its timeouts go on, and no Retry is used up.
 */
export class StepDeferral extends Error {
  readonly forMs: number;
  /** Why, as an error of the step would say it. */
  readonly errorName: string | undefined;

  constructor(forMs: number, reason: { readonly error?: string | undefined; readonly cause: string }) {
    super(reason.cause);
    this.name = 'StepDeferral';
    this.forMs = forMs;
    this.errorName = reason.error;
  }
}

/** By mark, as below. */
export const isStepDeferral = (thrown: unknown): thrown is StepDeferral =>
  thrown instanceof Error && thrown.name === 'StepDeferral' && 'forMs' in thrown && typeof thrown.forMs === 'number';

/** By mark and not by `instanceof`: a handler module may bring its own copy of this package. */
export const isStepError = (thrown: unknown): thrown is StepError =>
  thrown instanceof Error &&
  thrown.name === 'StepError' &&
  'errorName' in thrown &&
  typeof thrown.errorName === 'string';
