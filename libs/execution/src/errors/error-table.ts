import {
  ACTION_TEXTS,
  type ActionName,
  type ErrorCategory,
  type ErrorRule,
  type ErrorSeverity,
  type RecommendedAction,
} from '@throughline/contracts';

export interface KnownError {
  /** The name; a beginning where it ends with `*`. */
  readonly error: string;
  readonly category: ErrorCategory;
  readonly severity: ErrorSeverity;
  readonly retryable: boolean;
  /** `{what}` is the step or the execution. */
  readonly human: string;
  readonly actions: readonly ActionName[];
}

const row = (
  error: string,
  category: ErrorCategory,
  retryable: boolean,
  human: string,
  actions: readonly ActionName[],
  severity: ErrorSeverity = 'error',
): KnownError => ({ error, category, severity, retryable, human, actions });

/** The first that fits counts, so what is said of many stands behind what is said of one. docs/errors-and-actions.md shows it. */
export const KNOWN_ERRORS: readonly KnownError[] = [
  row('States.Timeout', 'timeout', true, '{what} did not end in its time.', [
    'retry',
    'increase_timeout',
    'check_dependency',
  ]),
  row('States.HeartbeatTimeout', 'timeout', true, 'Nothing was heard of {what} for too long.', [
    'retry',
    'start_worker',
  ]),
  row('States.TaskFailed', 'task', true, '{what} failed.', ['retry', 'contact_owner']),
  row('States.Permissions', 'permission', false, '{what} may not do what it has to do.', [
    'grant_permission',
    'contact_owner',
  ]),
  row('States.DataLimitExceeded', 'limit', false, '{what} handles more data than is allowed.', [
    'reduce_data',
    'fix_definition',
  ]),
  row('States.NoChoiceMatched', 'input', false, 'The data fits no way on from {what}.', [
    'fix_input',
    'fix_definition',
  ]),
  row('States.QueryEvaluationError', 'definition', false, 'An expression of {what} does not work with this data.', [
    'fix_input',
    'fix_definition',
  ]),
  row('States.ParameterPathFailure', 'definition', false, 'The data lacks what {what} needs.', [
    'fix_input',
    'fix_definition',
  ]),
  row('States.ResultPathMatchFailure', 'definition', false, 'The result of {what} has no place in the data.', [
    'fix_definition',
  ]),
  row('States.IntrinsicFailure', 'definition', false, 'A function in {what} does not work with this data.', [
    'fix_input',
    'fix_definition',
  ]),
  row('States.Runtime', 'definition', false, '{what} cannot go on with this data.', ['fix_input', 'fix_definition']),
  row('States.BranchFailed', 'task', true, 'A branch of {what} failed.', ['retry', 'contact_owner']),
  row('States.ExceedToleratedFailureThreshold', 'task', true, 'Too many items of {what} failed.', [
    'fix_input',
    'retry',
  ]),
  row('States.ItemReaderFailed', 'dependency', true, 'The items of {what} could not be read.', [
    'check_dependency',
    'retry',
  ]),
  row('States.ResultWriterFailed', 'dependency', true, 'The results of {what} could not be written.', [
    'check_dependency',
    'retry',
  ]),
  row('States.Http.Socket', 'dependency', true, 'The system that {what} calls could not be reached.', [
    'retry',
    'check_dependency',
  ]),
  row('States.Http.StatusCode.429', 'limit', true, 'The system that {what} calls takes no more requests now.', [
    'wait',
    'retry',
  ]),
  row('States.Http.StatusCode.408', 'dependency', true, 'The system that {what} calls was too slow.', [
    'retry',
    'check_dependency',
  ]),
  row('States.Http.StatusCode.401', 'permission', false, 'The system that {what} calls does not know who calls.', [
    'grant_permission',
    'contact_owner',
  ]),
  row('States.Http.StatusCode.403', 'permission', false, 'The system that {what} calls does not allow it.', [
    'grant_permission',
    'contact_owner',
  ]),
  row('States.Http.StatusCode.4*', 'input', false, 'The system that {what} calls did not accept the request.', [
    'fix_input',
    'contact_owner',
  ]),
  row('States.Http.StatusCode.*', 'dependency', true, 'The system that {what} calls failed.', [
    'retry',
    'check_dependency',
  ]),
  row('Lambda.*', 'dependency', true, 'The function that {what} calls failed.', ['retry', 'check_dependency']),
  row('StepFunctions.*', 'definition', false, 'The execution that {what} starts could not be started.', [
    'fix_definition',
    'fix_input',
  ]),
  row('Throughline.InputInvalid', 'input', false, '{what} did not accept its input.', ['fix_input', 'fix_definition']),
  row('Throughline.OutputInvalid', 'task', false, '{what} gave a result that is not what it promises.', [
    'contact_owner',
  ]),
  row('Throughline.HandlerNotFound', 'worker', true, 'No worker has what {what} needs.', ['start_worker', 'retry']),
  row('Throughline.DeliveryRefused', 'delivery', false, 'The result may not be delivered there.', [
    'fix_definition',
    'contact_owner',
  ]),
  row('Throughline.SecretMissing', 'delivery', true, 'The secret to sign the result with is missing.', [
    'provide_secret',
    'requeue',
  ]),
  row('Throughline.WebhookFailed', 'delivery', true, 'The receiver did not take the result.', [
    'check_dependency',
    'requeue',
  ]),
  row('Throughline.NotAcknowledged', 'delivery', true, 'Nobody took the result.', ['check_dependency', 'requeue']),
  row('Throughline.FileNotWritten', 'delivery', true, 'The result could not be written to its file.', [
    'check_dependency',
    'requeue',
  ]),
  row(
    'Throughline.WorkerLost',
    'worker',
    true,
    'Every worker that took it was lost.',
    ['start_worker', 'requeue'],
    'critical',
  ),
  row('Throughline.Approval*', 'approval', false, 'The approval that {what} waits for was not given.', [
    'approve',
    'contact_owner',
  ]),
  row('Throughline.Lock*', 'dependency', true, '{what} did not get the asset that it needs.', [
    'release_lock',
    'retry',
  ]),
  row('Throughline.Mutex*', 'dependency', true, '{what} did not get the asset that it needs.', [
    'release_lock',
    'retry',
  ]),
  row('*', 'task', true, '{what} failed.', ['retry', 'contact_owner']),
];

const fits = (pattern: string, error: string): boolean =>
  pattern.endsWith('*') ? error.startsWith(pattern.slice(0, -1)) : pattern === error;

export const knownError = (error: string): KnownError => {
  const found = KNOWN_ERRORS.find((known) => fits(known.error, error));
  if (!found) throw new Error('the last row fits every error');
  return found;
};

export const ruleFor = (rules: readonly ErrorRule[], error: string): ErrorRule | undefined =>
  rules.find(({ errors }) => errors.some((pattern) => pattern === 'States.ALL' || fits(pattern, error)));

export const actionsNamed = (names: readonly ActionName[]): RecommendedAction[] =>
  names.map((action) => ({ action, text: ACTION_TEXTS[action] }));
