import type { ReplayResult } from '@throughline/contracts';
import { connectNats } from '@throughline/event-log/jetstream';
import { replayLine, verifyLog } from '@throughline/event-log/verification';

export interface ReplayedAll extends ReplayResult {
  /** For people: how much was replayed, and how much of it came out the same. */
  readonly line: string;
}

/** Decides everything again that is on a system's log, of all tenants: what `throughline replay --all` does for one. */
export async function replayAll(natsUrl: string): Promise<ReplayedAll> {
  const nc = await connectNats({ url: natsUrl, name: 'replay-all' });
  try {
    const result = await verifyLog(nc, { name: 'replay-all' });
    return { ...result, line: replayLine(result) };
  } finally {
    await nc.close();
  }
}

/** What did not come out the same, for an error's message; empty where everything did. */
export const divergencesIn = ({ log }: ReplayResult): readonly string[] =>
  (log?.divergent ?? []).map(
    ({ aggregate, id, seq, firstDivergence, problem }) =>
      `${aggregate} ${id} at sequence ${seq}: ${problem ?? JSON.stringify(firstDivergence)}`,
  );
