import type { ChangeFindings, Policy } from './inspect-change.ts';

const between = (from: string, to: string | null): string =>
  to === null ? '' : `${((Date.parse(to) - Date.parse(from)) / 1_000).toFixed(2)} s`;

const stepLines = ({ steps, attempts }: ChangeFindings): string[] =>
  steps.map((step) => {
    const shown = attempts
      .filter(({ state, visit }) => state === step.state && visit === step.visit)
      .map(({ status, error }) => error ?? status)
      .join(', ');
    return `    ${step.state.padEnd(18)} ${step.status.padEnd(10)} ${between(step.enteredAt, step.exitedAt).padStart(8)}  ${shown}`.trimEnd();
  });

const approvalLines = ({ approval, signatures, execution }: ChangeFindings): string[] => [
  `  approval     ${approval.status}: ${approval.decisions.length} of ${approval.required}, signatures ${execution.runState.signatureState}`,
  ...approval.decisions.map(({ by, roles, comment = '', at }, index) => {
    const signature = signatures[index]?.genuine ? 'signature genuine (checked offline)' : 'SIGNATURE NOT GENUINE';
    return `    ${by.padEnd(18)} ${roles.join(', ')}, ${at.slice(11, 19)}: ${comment}; ${signature}`;
  }),
];

const PHASES = [
  ['queued', 'queuedMs'],
  ['preflight', 'preflightMs'],
  ['awaiting approval', 'awaitingApprovalMs'],
  ['running', 'runningMs'],
  ['waiting', 'waitingMs'],
  ['paused', 'pausedMs'],
  ['cancelling', 'cancellingMs'],
  ['delivering', 'deliveringMs'],
] as const;

const phases = ({ execution }: ChangeFindings): string =>
  PHASES.map(([name, key]) => [name, execution.runState.phases[key]] as const)
    .filter(([, ms]) => ms > 0)
    .map(([name, ms]) => `${name} ${(ms / 1_000).toFixed(2)} s`)
    .join(', ');

const seconds = (ms: number): string => `${ms / 1_000} s`;

const policyText = ({ executionMs, stepMs, queueWaitMs }: Policy): string =>
  `${seconds(executionMs)} for the whole, ${seconds(stepMs)} for a step, ${seconds(queueWaitMs)} on the queue`;

const assetLine = ({ asset, session, example, lock }: ChangeFindings): string =>
  session && asset
    ? `fencing token ${session.fencingToken}, lock ${lock.isHeld ? 'STILL HELD' : 'given back'}; ${session.blocksWritten} of ${session.blocks} blocks ${session.outcome}; runs ${asset.firmware}; ` +
      `${asset.overlaps} overlaps, ${asset.refused} stale tokens`
    : `${example.change.asset} was never written to`;

/** What a reader wants to know about a change that has ended. */
export const changeLines = (found: ChangeFindings): readonly string[] => {
  const { execution, example, chain, delivery, received, replays } = found;
  const { slaClass, actionClass } = execution.runState;
  const { policy } = found;
  const result =
    execution.status === 'succeeded' ? JSON.stringify(execution.output) : [execution.error, execution.cause].join(' ');
  return [
    '',
    `${execution.id} (${example.title})`,
    `  result       ${execution.status}  ${result}`.trimEnd(),
    `  class        ${slaClass ?? 'none'}, ${actionClass ?? 'none'}: ${policy ? policyText(policy) : 'no timeout policy'}`,
    `  preflight    ${found.preflight.outcome}; ${found.passed ? `passed at the start, ${found.passed.checks} checks` : 'NOT RECORDED'}`,
    ...approvalLines(found),
    `  ${example.change.asset}: ${assetLine(found)}`,
    `  steps and attempts`,
    ...stepLines(found),
    `  correlation  ${chain.executions.map(({ id, trigger, status }) => `${id} (${trigger}, ${status})`).join(' → ')}`,
    ...delivery.deliveries.map(
      ({ target, state, attempts, answer }) =>
        `  delivery     ${target.type} ${state} after ${attempts} attempts (${answer ?? 'no answer'}); the receiver was told ${received?.status ?? 'nothing'}`,
    ),
    `  phases       ${phases(found)}`,
    ...replays.map(
      ({ what, verdict, matchPercent, commits }) =>
        `  replay       ${what}: ${verdict}, ${matchPercent} % of ${commits} commits`,
    ),
    `  audit        ${found.auditRows} of ${execution.version} commits in the ledger`,
    ...found.reasons.map((reason) => `  NOT AS EXPECTED: ${reason}`),
  ];
};
