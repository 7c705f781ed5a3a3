import type {
  CorrelationId,
  ErrorEnvelope,
  ErrorRule,
  ErrorSeverity,
  Instant,
  Resolution,
} from '@throughline/contracts';
import { actionsNamed, knownError, ruleFor } from './error-table.ts';

/** One error as the log tells of it. */
export interface ToldError {
  readonly error: string | null;
  readonly cause: string | null;
  /** The state that it happened in; null: the execution as a whole. */
  readonly state: string | null;
  readonly attempt: number | null;
  readonly nextRetryAt: Instant | null;
  readonly correlationId: CorrelationId;
  readonly resolution: { readonly status: Resolution; readonly at: Instant | null };
}

/** A callback or a Fail state may name no error. */
const UNNAMED = 'States.TaskFailed';
/** Whatever goes on by itself is nothing that anybody has to look at. */
const SETTLED: ReadonlySet<Resolution> = new Set<Resolution>([
  'retrying',
  'retried',
  'resolved_by_retry',
  'resolved_by_resume',
  'resolved_by_redrive',
  'caught',
  'tolerated',
]);

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What a definition says of the error goes before what is known of it. */
export const errorEnvelope = (told: ToldError, rules: readonly ErrorRule[]): ErrorEnvelope => {
  const code = told.error === null || told.error === '' ? UNNAMED : told.error;
  const known = knownError(code);
  const rule = ruleFor(rules, code);
  const what = told.state === null ? 'the execution' : `the step "${told.state}"`;
  const cause = told.cause ?? '';
  return {
    code,
    category: rule?.category ?? known.category,
    severity: severityOf(rule?.severity ?? known.severity, told.resolution.status),
    human: capitalised((rule?.human ?? known.human).replaceAll('{what}', what)),
    tech: cause === '' ? code : `${code}: ${cause}`,
    retryable: rule?.retryable ?? known.retryable,
    attempt: told.attempt,
    nextRetryAt: told.nextRetryAt,
    correlationId: told.correlationId,
    recommendedActions: SETTLED.has(told.resolution.status) ? [] : (rule?.actions ?? actionsNamed(known.actions)),
    resolution: told.resolution,
  };
};

const severityOf = (severity: ErrorSeverity, resolution: Resolution): ErrorSeverity =>
  SETTLED.has(resolution) && severity !== 'info' ? 'warning' : severity;
