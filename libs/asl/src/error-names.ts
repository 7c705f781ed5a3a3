/** Errors that end an execution whatever Retry and Catch say. */
const NEVER_HANDLED = 'States.Runtime';
/** A wildcard does not take these; naming them does. */
const NOT_BY_WILDCARD: ReadonlySet<string> = new Set(['States.DataLimitExceeded']);
const TIMEOUTS: ReadonlySet<string> = new Set(['States.Timeout', 'States.HeartbeatTimeout']);

const matchesName = (name: string, error: string): boolean => {
  if (name === error) return true;
  switch (name) {
    case 'States.ALL':
      return !NOT_BY_WILDCARD.has(error);
    case 'States.TaskFailed':
      return !NOT_BY_WILDCARD.has(error) && !TIMEOUTS.has(error);
    case 'States.Timeout':
      return TIMEOUTS.has(error);
    default:
      return false;
  }
};

/** Whether `ErrorEquals` takes an error, with the wildcards and the errors that no wildcard takes. */
export const matchesError = (errorEquals: readonly string[], error: string): boolean =>
  error !== NEVER_HANDLED && errorEquals.some((name) => matchesName(name, error));
