import { setTimeout as sleep } from 'node:timers/promises';
import type { ThroughlineClient } from '@throughline/client';
import { progressLine } from './progress-line.ts';

const STREAM_END_MS = 10_000;

/**
 * Shows an execution's live progress until `ended` resolves, which is when its stream has to end too. Undefined when the
 * stream showed everything to the end; otherwise what was wrong with it.
 */
export const watchProgress = async (
  client: ThroughlineClient,
  id: string,
  ended: Promise<unknown>,
  out: (line: string) => void,
): Promise<string | undefined> => {
  const stop = new AbortController();
  const watched = watch(client, id, stop.signal, out);
  try {
    await ended;
    // A stream that does not end by itself after the last event is a finding, not a wait without end.
    return await Promise.race([watched, sleep(STREAM_END_MS, 'its live stream did not end', { ref: false })]);
  } finally {
    stop.abort();
  }
};

const watch = async (
  client: ThroughlineClient,
  id: string,
  signal: AbortSignal,
  out: (line: string) => void,
): Promise<string | undefined> => {
  try {
    for await (const event of client.watch(id, { signal })) {
      const line = progressLine(event);
      if (line !== undefined) out(`${id}  ${line}`);
    }
    return undefined;
  } catch (error) {
    return `its live stream failed: ${error instanceof Error ? error.message : String(error)}`;
  }
};
