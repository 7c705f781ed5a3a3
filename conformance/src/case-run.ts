import type { AwsHistoryEventView, Json, ReplayVerdict, TerminalStatus } from '@throughline/contracts';
import type { AwsStatus } from './recorded-case.ts';

/** What became of one case, whichever way it was run. */
export type CaseRun =
  | {
      readonly kind: 'ended';
      readonly status: AwsStatus;
      readonly output?: Json;
      readonly error?: string;
      readonly cause?: string;
      readonly events: readonly HistoryEvent[];
      readonly replay: ReplayVerdict;
    }
  /** It never got to an end that could be compared. */
  | { readonly kind: 'broken'; readonly problem: string; readonly replay?: ReplayVerdict };

/** One of AWS's events, out of a fold or off the wire. */
export type HistoryEvent = Pick<AwsHistoryEventView, 'id' | 'type'>;

export const AWS_STATUS_OF: Readonly<Record<TerminalStatus, AwsStatus>> = {
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  cancelled: 'ABORTED',
  timed_out: 'TIMED_OUT',
};
