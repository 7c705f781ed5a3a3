import type { ThroughlineClient } from '@throughline/client';
import type { Change } from './changes.ts';
import { WORKFLOW } from './machine.ts';

export type Preflight = Awaited<ReturnType<ThroughlineClient['preflight']>>;

/** What starting the change would meet; nothing is started. */
export const preflightChange = (client: ThroughlineClient, change: Change): Promise<Preflight> =>
  client.preflight(WORKFLOW, { input: { ...change } });

/** Found before anything is started; undefined where it was, otherwise what is wrong. */
export const incompleteChange = async (client: ThroughlineClient, change: Change): Promise<string | undefined> => {
  const { changeId, asset, blocks, blockMs } = change;
  const { outcome, findings } = await client.preflight(WORKFLOW, { input: { changeId, asset, blocks, blockMs } });
  const found = findings.find((finding) => finding.check === 'input' && finding.outcome === 'error');
  if (outcome === 'error' && found) return undefined;
  return `${changeId}: a change without a firmware passes the preflight`;
};

export const preflightLines = ({ outcome, findings }: Preflight): readonly string[] => [
  `preflight    ${outcome}`,
  ...findings.map(({ check, outcome: how, sentence }) => `  ${how.padEnd(6)} ${check.padEnd(12)} ${sentence}`),
];
