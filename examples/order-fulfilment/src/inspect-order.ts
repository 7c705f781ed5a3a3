import type { ThroughlineClient } from '@throughline/client';
import { caughtUp } from '@throughline/example-kit';
import type { ExampleOrder } from './orders.ts';

type Result<M extends keyof ThroughlineClient> = ThroughlineClient[M] extends (...args: never[]) => Promise<infer R>
  ? R
  : never;

/** Everything that the system says about one order after its end, and what of it is not as it must be. */
export interface OrderFindings {
  readonly example: ExampleOrder;
  readonly execution: Result<'get'>;
  readonly steps: Result<'steps'>['items'];
  readonly attempts: Result<'attempts'>['items'];
  readonly chain: Result<'correlation'>;
  readonly replay: Result<'replay'>;
  readonly auditRows: number;
  readonly reasons: readonly string[];
}

const ENDED = new Set(['succeeded', 'failed', 'cancelled', 'timed_out']);

export const inspectOrder = async (
  client: ThroughlineClient,
  example: ExampleOrder,
  execution: Result<'get'>,
  streamed: string | undefined,
): Promise<OrderFindings> => {
  const { id } = execution;
  const replay = await client.replay(id);
  const [steps, attempts, chain, audit] = await Promise.all([
    caughtUp(
      () => client.steps(id),
      ({ items }) => items.length > 0 && items.every((step) => step.exitedAt !== null),
    ),
    caughtUp(
      () => client.attempts(id),
      ({ items }) => items.length > 0 && items.every((attempt) => ENDED.has(attempt.status)),
    ),
    caughtUp(
      () => client.correlation(execution.correlationId),
      ({ executions }) => executions.some((node) => node.id === id && ENDED.has(node.status)),
    ),
    caughtUp(
      () => client.audit(id),
      ({ items }) => items.length >= execution.version,
    ),
  ]);
  const found = {
    example,
    execution,
    steps: steps.items,
    attempts: attempts.items,
    chain,
    replay,
    auditRows: audit.items.length,
  };
  return { ...found, reasons: reasonsOf(found, streamed).map((reason) => `${id}: ${reason}`) };
};

const attemptsByState = (attempts: OrderFindings['attempts']): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { state } of attempts) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};

const sorted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([state, count]) => `${state} ${count}`)
    .sort()
    .join(', ');

const reasonsOf = (found: Omit<OrderFindings, 'reasons'>, streamed: string | undefined): readonly string[] => {
  const { example, execution, attempts, chain, replay } = found;
  const { expected } = example;
  const reasons: string[] = streamed === undefined ? [] : [streamed];
  if (execution.status !== expected.status || execution.error !== expected.error) {
    const was = `${execution.status} ${execution.error ?? ''}`.trim();
    reasons.push(
      `ended ${was} (${execution.cause ?? 'no cause'}), not ${expected.status} ${expected.error ?? ''}`.trim(),
    );
  }
  if (sorted(attemptsByState(attempts)) !== sorted(expected.attempts)) {
    reasons.push(`attempts were ${sorted(attemptsByState(attempts))}, not ${sorted(expected.attempts)}`);
  }
  if (!chain.executions.some((node) => node.id === execution.id)) reasons.push('is not in its own correlation chain');
  if (replay.result.verdict !== 'identical' || replay.result.matchPercent !== 100) {
    const where = replay.result.firstDivergence;
    reasons.push(
      `replay is ${replay.result.verdict} (${replay.result.matchPercent} %)${where ? `: ${where.reason} at commit ${where.commit}` : ''}`,
    );
  }
  if (found.auditRows !== execution.version) {
    reasons.push(`the audit ledger has ${found.auditRows} of its ${execution.version} commits`);
  }
  return reasons;
};
