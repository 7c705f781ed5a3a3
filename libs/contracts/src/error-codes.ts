/**
 * Every refusal and error that leaves a process has one of these codes. Each has a page in docs/errors; a test holds
 * the two together. A code is never reused.
 */
export const ERROR_CODES = {
  TL0001: { status: 400, title: 'The request body does not match the schema' },
  TL0002: { status: 401, title: 'No valid credential' },
  TL0003: { status: 403, title: 'The credential lacks the permission' },
  TL0004: { status: 404, title: 'Not found' },
  TL0005: { status: 413, title: 'The payload is larger than allowed' },
  TL0006: { status: 400, title: 'Not a valid identifier' },
  TL0007: { status: 500, title: 'Internal error' },
  TL0008: { status: 503, title: 'A dependency cannot be reached' },
  TL0009: { status: 504, title: 'Outcome unknown, repeat with the same id' },
  TL0010: { status: 429, title: 'Too many requests or open streams' },
  TL0101: { status: 404, title: 'Unknown workflow' },
  TL0102: { status: 404, title: 'Unknown workflow version' },
  TL0103: { status: 422, title: 'The workflow definition is not valid' },
  TL0104: { status: 409, title: 'The execution exists already with another body' },
  TL0105: { status: 404, title: 'Unknown execution' },
  TL0106: { status: 409, title: 'The execution has ended already' },
  TL0107: { status: 409, title: 'The attempt is no longer open' },
  TL0108: { status: 409, title: 'The timer is not pending' },
  TL0109: { status: 409, title: 'There is nothing to continue' },
  TL0110: { status: 403, title: 'This origin may not send this command' },
  TL0111: { status: 409, title: 'The name is taken by another workflow' },
  TL0112: { status: 400, title: 'The task token is not valid' },
  TL0113: { status: 409, title: 'Too many generations of child executions' },
  TL0114: { status: 409, title: 'An execution cannot be its own ancestor' },
  TL0120: { status: 409, title: 'The status of the execution does not allow the command' },
  TL0121: { status: 409, title: 'The failed step cannot be skipped' },
  TL0122: { status: 404, title: 'Unknown approval' },
  TL0123: { status: 409, title: 'The approval is no longer pending' },
  TL0124: { status: 403, title: 'You may not decide this approval' },
  TL0125: { status: 409, title: 'You have decided this approval already' },
  TL0126: { status: 422, title: 'The signature is missing or does not fit' },
  TL0127: { status: 429, title: 'Too many signals wait for a state that takes them' },
  TL0128: { status: 422, title: 'The workflow has no such state' },
  TL0140: { status: 422, title: 'The step names no asset that can be locked' },
  TL0141: { status: 409, title: 'Too many steps wait for the lock' },
  TL0142: { status: 409, title: 'The lock would be taken out of order' },
  TL0143: { status: 409, title: 'The lock was not granted in time' },
  TL0144: { status: 409, title: 'The lock was taken away' },
  TL0145: { status: 404, title: 'Unknown lock' },
  TL0146: { status: 409, title: 'The lock is not held, or by another holder' },
  TL0147: { status: 409, title: 'The request for the lock is no longer open' },
  TL0150: { status: 404, title: 'Unknown schedule' },
  TL0151: { status: 422, title: 'The cron expression is not valid' },
  TL0152: { status: 422, title: 'Unknown time zone' },
  TL0153: { status: 422, title: 'The interval is not possible' },
  TL0154: { status: 422, title: 'The schedule would never come due' },
  TL0155: { status: 409, title: 'An execution of the schedule still runs' },
  TL0160: { status: 404, title: 'Unknown dead letter' },
  TL0161: { status: 409, title: 'The dead letter has been settled already' },
  TL0162: { status: 409, title: 'The dead letter cannot be requeued' },
  TL0170: { status: 422, title: 'The timeout policy contradicts itself' },
  TL0171: { status: 409, title: 'The idempotency key was used for another command' },
  TL0172: { status: 409, title: 'The idempotency key names another execution' },
  TL0173: { status: 422, title: 'The preflight found errors' },
  TL0180: { status: 422, title: 'The delivery target is not valid' },
  TL0181: { status: 409, title: 'The delivery is not open' },
  TL0182: { status: 409, title: 'There is nothing to deliver again' },
  TL0183: { status: 502, title: 'The delivery failed for good' },
  TL0184: { status: 422, title: 'The dry run is not possible' },
  TL0201: { status: 500, title: 'A commit of an unknown version is on the log' },
  TL0202: { status: 500, title: 'A commit on the log is damaged' },
  TL0203: { status: 503, title: 'The log could not be appended to' },
  TL0204: { status: 503, title: 'The log has no room for new executions' },
  TL0205: { status: 503, title: 'The NATS server does not fit' },
  TL0206: { status: 503, title: 'A stream has another configuration than asked for' },
  TL0301: { status: 400, title: 'A message could not be parsed' },
  TL0302: { status: 500, title: 'A message failed too often' },
  TL0401: { status: 400, title: 'The position is not in the history' },
  TL0402: { status: 409, title: 'A rebuild of this read model is running already' },
  TL0403: { status: 422, title: 'The replay that is asked for contradicts itself' },
  TL0404: { status: 409, title: 'The replay session is not open to this' },
  TL0405: { status: 422, title: 'The step is not in the history' },
  TL0406: { status: 500, title: 'The replay session was given up' },
  TL0410: { status: 400, title: 'The moment has not come yet' },
  TL0411: { status: 503, title: 'The read model has not come so far' },
  TL0412: { status: 404, title: 'The step has not come, or not ended' },
  TL0413: { status: 413, title: 'The state is too large to be kept' },
  TL0415: { status: 422, title: 'The patch does not apply' },
  TL0416: { status: 422, title: 'Too much to go on from' },
  TL0417: { status: 409, title: 'The definition cannot go on from there' },
  TL0418: { status: 409, title: 'Nothing is left to do from there' },
  TL0419: { status: 403, title: 'Steps may not be run for real' },
  TL0425: { status: 409, title: 'The drift check cannot be gone on with' },
  TL0426: { status: 409, title: 'A drift check of this read model is running already' },
} as const satisfies Readonly<Record<`TL${number}`, { status: number; title: string }>>;
export type ErrorCode = keyof typeof ERROR_CODES;

/** What every HTTP error response holds. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly title: string;
  readonly message: string;
  readonly details?: unknown;
  /** Where the page about the code is. */
  readonly help: string;
  readonly requestId?: string;
}

export const errorHelp = (code: ErrorCode): string => `docs/errors/${code}.md`;
