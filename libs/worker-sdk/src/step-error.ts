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

/** By mark and not by `instanceof`: a handler module may bring its own copy of this package. */
export const isStepError = (thrown: unknown): thrown is StepError =>
  thrown instanceof Error &&
  thrown.name === 'StepError' &&
  'errorName' in thrown &&
  typeof thrown.errorName === 'string';
