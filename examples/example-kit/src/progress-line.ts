import type { ThroughlineClient } from '@throughline/client';

type ProgressEvent = ReturnType<ThroughlineClient['watch']> extends AsyncGenerator<infer E> ? E : never;

const textOf = (data: unknown, field: string): string => {
  if (typeof data !== 'object' || data === null || !(field in data)) return '';
  // The cast states what the line above found out.
  const value = (data as Record<string, unknown>)[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

/** One line per step, retry, caught error and end; other events are not shown. */
export const progressLine = (event: ProgressEvent): string | undefined => {
  const time = event.timestamp.slice(11, 23);
  const at = `${time}  ${String(event.progress).padStart(3)}%`;
  const state = textOf(event.data, 'state') || (event.current_step ?? '');
  switch (event.event_type) {
    case 'StateEntered':
      return `${at}  ${state}`;
    case 'RetryScheduled':
      return `${at}  ${state}: ${textOf(event.data, 'error')}, again in ${textOf(event.data, 'delayMs')} ms`;
    case 'ErrorCaught':
      return `${at}  ${state}: ${textOf(event.data, 'error')} caught`;
    case 'ExecutionSucceeded':
    case 'ExecutionFailed':
    case 'ExecutionCancelled':
    case 'ExecutionTimedOut':
      return `${at}  ${event.status} ${textOf(event.data, 'error')}`.trimEnd();
    default:
      return undefined;
  }
};
