import { assertNever, type ExecutionEvent } from '@throughline/contracts';
import { type ExecutionState, type FrameId, frameOf, hasMapRun } from '@throughline/execution';
import { type AwsEventBody, errorFields } from './aws-event.ts';

/** How Parallel and Map show in AWS's history. */

export type FanOutEvent = Extract<
  ExecutionEvent,
  {
    type:
      | 'ParallelStarted'
      | 'ParallelSucceeded'
      | 'ParallelFailed'
      | 'MapStarted'
      | 'MapRunStarted'
      | 'IterationStarted'
      | 'IterationFailed'
      | 'IterationAborted'
      | 'MapSucceeded'
      | 'MapFailed'
      | 'RetryScheduled';
  }
>;

export const iterationEvent = (
  type: 'MapIterationStarted' | 'MapIterationSucceeded' | 'MapIterationFailed' | 'MapIterationAborted',
  name: string,
  index: number,
): AwsEventBody => ({
  type,
  details: { name: `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`, body: { name, index } },
});

/** `mapRunArn` names the Map Run of a distributed Map. */
export const fanOutEvents = (
  event: FanOutEvent,
  before: ExecutionState,
  mapRunArn: string,
): { readonly frame: FrameId; readonly events: readonly AwsEventBody[] } => {
  const at = (events: readonly AwsEventBody[]) => ({ frame: event.frame, events });
  switch (event.type) {
    case 'ParallelStarted':
      return at([{ type: 'ParallelStateStarted' }]);
    case 'ParallelSucceeded':
      return at([{ type: 'ParallelStateSucceeded' }]);
    case 'ParallelFailed':
      return at([{ type: 'ParallelStateFailed' }]);
    case 'MapStarted': {
      const body = { length: event.length };
      return at([{ type: 'MapStateStarted', details: { name: 'mapStateStartedEventDetails', body } }]);
    }
    case 'MapRunStarted':
      return at([{ type: 'MapRunStarted', details: { name: 'mapRunStartedEventDetails', body: { mapRunArn } } }]);
    case 'MapSucceeded':
      return at([
        ...(hasMapRun(frameOf(before.frames, event.frame)) ? [{ type: 'MapRunSucceeded' }] : []),
        { type: 'MapStateSucceeded' },
      ]);
    case 'MapFailed':
      return at([...mapRunFailed(event, before), { type: 'MapStateFailed' }]);
    // The state goes on after the wait, but with a Map Run of its own.
    case 'RetryScheduled':
      return at(mapRunFailed(event, before));
    case 'IterationStarted':
      return iteration(event, before, 'MapIterationStarted');
    case 'IterationFailed':
      return iteration(event, before, 'MapIterationFailed');
    case 'IterationAborted':
      return iteration(event, before, 'MapIterationAborted');
    default:
      return assertNever(event);
  }
};

const mapRunFailed = (
  { frame, error, cause }: Extract<FanOutEvent, { type: 'MapFailed' | 'RetryScheduled' }>,
  before: ExecutionState,
): readonly AwsEventBody[] => {
  if (!hasMapRun(frameOf(before.frames, frame))) return [];
  return [{ type: 'MapRunFailed', details: { name: 'mapRunFailedEventDetails', body: errorFields(error, cause) } }];
};

/** On the line of the Map around it, which also tells whether iterations show at all. */
const iteration = (
  event: Extract<FanOutEvent, { type: `Iteration${string}` }>,
  before: ExecutionState,
  type: 'MapIterationStarted' | 'MapIterationFailed' | 'MapIterationAborted',
) => {
  const parent = frameOf(before.frames, event.frame.slice(0, event.frame.lastIndexOf('.')));
  const isShown = parent.fanOut?.kind === 'map' && parent.fanOut.mode === 'INLINE';
  return { frame: parent.id, events: isShown ? [iterationEvent(type, parent.state, event.index)] : [] };
};
