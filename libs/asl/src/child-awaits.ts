import type { ChildAwaits } from '@throughline/contracts';

/** By what follows `arn:aws:states:::states:startExecution`. */
export const CHILD_AWAITS_BY_SUFFIX: Readonly<Record<string, ChildAwaits>> = {
  '': 'start',
  '.sync': 'end',
  '.sync:2': 'end-as-json',
  '.waitForTaskToken': 'callback',
};

/** Of a resource that was read as a child: what of it its parent waits for. */
export const childAwaits = (resource: string): ChildAwaits => {
  const suffix = resource.slice(resource.lastIndexOf('startExecution') + 'startExecution'.length);
  const awaits = CHILD_AWAITS_BY_SUFFIX[suffix];
  if (!awaits) throw new Error(`${resource} starts no child`);
  return awaits;
};
