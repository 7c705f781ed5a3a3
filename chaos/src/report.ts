import { type CheckReport, promiseLines } from '@throughline/testkit/checker';
import type { Topology } from './chaos-system.ts';
import type { FaultKind } from './fault.ts';
import type { Stall } from './tally.ts';

export interface TopologyReport {
  readonly topology: Topology;
  /** Of faults and load. */
  readonly seconds: number;
  readonly faults: readonly { readonly kind: FaultKind; readonly done: number; readonly counted: number }[];
  readonly faultProblems: readonly string[];
  readonly acknowledged: number;
  /** Given up when the run ended. */
  readonly unanswered: number;
  readonly refusals: Readonly<Record<string, number>>;
  /** Why commands were sent again. */
  readonly repeats: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly doubled: number;
  readonly answeredTwice: readonly string[];
  readonly executions: number;
  readonly commits: number;
  readonly effects: number;
  readonly longestStall: Stall;
  /** Processes that ended without having been killed, and were started again. */
  readonly endedByThemselves: Readonly<Record<string, number>>;
  readonly allUp: boolean;
  readonly check: CheckReport;
}

export interface Report {
  readonly seed: number;
  readonly machine: { readonly cores: number; readonly cpu: string; readonly memoryGiB: number; readonly node: string };
  readonly topologies: readonly TopologyReport[];
}

export const violationsOf = ({ check, answeredTwice, allUp }: TopologyReport): number =>
  check.promises.reduce((sum, { violations }) => sum + violations, 0) + answeredTwice.length + (allUp ? 0 : 1);

/** Nothing lost, nothing doubled, nothing violated, and something was tried at all. */
export const holds = ({ topologies }: Report): boolean =>
  topologies.length > 0 &&
  topologies.every((one) => violationsOf(one) === 0 && one.acknowledged > 0 && countedIn(one) > 0);

const countedIn = ({ faults }: TopologyReport): number => faults.reduce((sum, { counted }) => sum + counted, 0);

const row = (name: string, values: readonly (string | number)[]): string =>
  `${name.padEnd(34)}${values.map((value) => String(value).padStart(14)).join('')}`;

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ') || 'none';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** For people. */
export const table = ({ seed, topologies, machine }: Report): string => {
  const of = (name: string, value: (one: TopologyReport) => number): string => {
    const values = topologies.map(value);
    return row(name, topologies.length > 1 ? [...values, sum(values)] : values);
  };
  const kinds = [...new Set(topologies.flatMap(({ faults }) => faults.map(({ kind }) => kind)))];
  const timesOf = (kind: FaultKind) => (one: TopologyReport) =>
    one.faults.find((fault) => fault.kind === kind)?.counted ?? 0;
  return [
    `seed ${seed}; ${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, Node ${machine.node}; every write of the log fsynced`,
    '',
    row('', [...topologies.map(({ topology }) => topology), ...(topologies.length > 1 ? ['both'] : [])]),
    of('seconds of faults and load', ({ seconds }) => seconds),
    of('faults with commands in flight', countedIn),
    ...kinds.map((kind) => of(`  ${kind}`, timesOf(kind))),
    of('commands acknowledged', ({ acknowledged }) => acknowledged),
    of('  lost', ({ lost }) => lost),
    of('  doubled, or counted twice', ({ doubled }) => doubled),
    of('executions', ({ executions }) => executions),
    of('commits on the log', ({ commits }) => commits),
    of('effects in the ledger of the sink', ({ effects }) => effects),
    of('violations', violationsOf),
    row(
      'longest stall, s',
      topologies.map(({ longestStall }) => (longestStall.ms / 1_000).toFixed(1)),
    ),
    '',
    ...topologies.flatMap((one) => [
      `${one.topology}`,
      `  longest stall while: ${one.longestStall.during.join(', ') || 'no fault was on'} (from ${Math.round(one.longestStall.fromMs / 1_000)} s)`,
      `  sent again: ${counts(one.repeats)}`,
      `  refused: ${counts(one.refusals)}; unanswered at the end: ${one.unanswered}`,
      `  processes that ended by themselves: ${counts(one.endedByThemselves)}${one.allUp ? '' : '; NOT ALL WERE UP AT THE END'}`,
      ...[...one.faultProblems, ...one.answeredTwice].map((line) => `  ${line}`),
      ...promiseLines(one.check).map((line) => `  ${line}`),
      '',
    ]),
  ].join('\n');
};
