import type { OrderFindings } from './inspect-order.ts';

const seconds = (from: string, to: string | null): string =>
  to === null ? '' : `${((Date.parse(to) - Date.parse(from)) / 1_000).toFixed(2)} s`;

const stepLines = (found: OrderFindings): string[] =>
  found.steps.map((step) => {
    const attempts = found.attempts.filter(({ state, visit }) => state === step.state && visit === step.visit);
    const shown = attempts.length === 0 ? '' : attempts.map(({ status, error }) => error ?? status).join(', ');
    return `    ${step.state.padEnd(18)} ${step.status.padEnd(10)} ${seconds(step.enteredAt, step.exitedAt).padStart(8)}  ${shown}`.trimEnd();
  });

/** What a reader wants to know about an order that has ended. */
export const reportLines = (found: OrderFindings): readonly string[] => {
  const { execution, example, chain, replay } = found;
  const result =
    execution.status === 'succeeded' ? JSON.stringify(execution.output) : `${execution.error}: ${execution.cause}`;
  const { verdict, matchPercent, commits, events } = replay.result;
  return [
    '',
    `${execution.id} (${example.title})`,
    `  result       ${execution.status}  ${result}`,
    `  steps and attempts`,
    ...stepLines(found),
    `  correlation  ${chain.correlationId}: ${chain.executions.map(({ id, trigger }) => `${id} (${trigger})`).join(' → ')}`,
    `  trace id     ${execution.traceId ?? 'none'}`,
    `  replay       ${verdict}, ${matchPercent} % of ${events} events in ${commits} commits`,
    `  audit        ${found.auditRows} of ${execution.version} commits in the ledger`,
    ...found.reasons.map((reason) => `  NOT AS EXPECTED: ${reason}`),
  ];
};
