import type { JetStreamManager } from '@nats-io/jetstream';
import { leaseSubject, STREAMS, type SuspectMark, suspectMarkSchema } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import type { Publisher } from './publisher.ts';

/**
 * A message that has come very often has met outages, each of which hands out again what was in hand, or it takes down
 * whoever handles it. What tells them apart is a mark that stands in TL_LEASES while somebody handles it: one that is
 * still there when the message comes again was left behind by a process that did not live to take it away.
 */
export interface Suspects {
  /** Marks it, and says how often that was begun and never ended, this time included. Throws while that cannot be done. */
  begin(key: string): Promise<number>;
  /** Whoever began it is alive. A mark that stays although nobody died lapses within a minute. */
  end(key: string): Promise<void>;
}

const TIMEOUT_MS = 1_000;

export const suspectsOf = (
  durable: string,
  { nc, manager, publisher }: { nc: NatsConnection; manager: JetStreamManager; publisher: Publisher },
): Suspects => {
  const subjectOf = (key: string): string => leaseSubject(`suspects-${durable}`, key.replaceAll('.', '-'));
  return {
    async begin(key) {
      const subject = subjectOf(key);
      const answer = await nc.request(`$JS.API.DIRECT.GET.${STREAMS.leases}.${subject}`, '', { timeout: TIMEOUT_MS });
      const mark: SuspectMark = { v: 1, begun: begunIn(answer.data) + 1 };
      await publisher.publish(subject, JSON.stringify(mark), { timeoutMs: TIMEOUT_MS });
      return mark.begun;
    },
    async end(key) {
      await manager.streams.purge(STREAMS.leases, { filter: subjectOf(key) });
    },
  };
};

/** Where there is no mark the server answers without a body. */
const begunIn = (bytes: Uint8Array): number => {
  if (bytes.length === 0) return 0;
  return suspectMarkSchema.parse(JSON.parse(Buffer.from(bytes).toString())).begun;
};
