/** Names of the errors that a step fails with for the sake of a lock, for Retry and Catch to match. */
export const LOCK_ERRORS = {
  mutexInvalid: 'Throughline.MutexInvalid',
  queueFull: 'Throughline.LockQueueFull',
  order: 'Throughline.LockOrder',
  timeout: 'Throughline.LockTimeout',
  lost: 'Throughline.LockLost',
  unavailable: 'Throughline.LockUnavailable',
} as const;
