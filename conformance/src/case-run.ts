import type { Json, ReplayVerdict } from '@throughline/contracts';
import type { AwsHistoryEvent } from '@throughline/history';
import type { AwsStatus } from './recorded-case.ts';

/** What became of one case, whichever way it was run. */
export type CaseRun =
  | {
      readonly kind: 'ended';
      readonly status: AwsStatus;
      readonly output?: Json;
      readonly error?: string;
      readonly cause?: string;
      readonly events: readonly AwsHistoryEvent[];
      readonly replay: ReplayVerdict;
    }
  /** It never got to an end that could be compared. */
  | { readonly kind: 'broken'; readonly problem: string; readonly replay?: ReplayVerdict };
