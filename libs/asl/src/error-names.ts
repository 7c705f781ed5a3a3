/** An error in evaluating the machine itself: ends an execution whatever Retry and Catch say. */
const NEVER_HANDLED = 'States.Runtime';
const TIMEOUTS: ReadonlySet<string> = new Set(['States.Timeout', 'States.HeartbeatTimeout']);

/** `States.ALL` takes a task's States.DataLimitExceeded too: AWS's recorded executions do, though its documents deny it. */
const matchesName = (name: string, error: string): boolean => {
  if (name === error || name === 'States.ALL') return true;
  if (name === 'States.TaskFailed') return !TIMEOUTS.has(error);
  return name === 'States.Timeout' && TIMEOUTS.has(error);
};

/** Whether `ErrorEquals` takes an error. */
export const matchesError = (errorEquals: readonly string[], error: string): boolean =>
  error !== NEVER_HANDLED && errorEquals.some((name) => matchesName(name, error));
