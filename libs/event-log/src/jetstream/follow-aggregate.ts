import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { type AggregateRef, logSubject } from '@throughline/contracts';
import type { LoggedCommit } from '../event-log.ts';
import { readRecord } from '../aggregate-reader.ts';
import type { NatsConnection } from './connection.ts';
import { toInstant } from './js-api.ts';
import { streamFor } from './streams.ts';

export interface FollowOptions {
  /** First sequence to deliver; default: the aggregate's first commit. */
  readonly fromSeq?: number;
  readonly signal: AbortSignal;
}

export class UnreadableCommitError extends Error {
  readonly code: 'TL0201' | 'TL0202';
  readonly seq: number;
  constructor(code: 'TL0201' | 'TL0202', seq: number, problem: string) {
    super(`log sequence ${seq}: ${problem}`);
    this.name = 'UnreadableCommitError';
    this.code = code;
    this.seq = seq;
  }
}

/** Commits on their way to one follower. */
const FOLLOW_AHEAD_MAX = 64;

/**
 * Commits of one aggregate, those there and those to come, until `signal` aborts. The client's ordered consumer makes
 * itself again after a gap or a lost connection. Throws an UnreadableCommitError on a record it cannot read.
 */
export async function* followAggregate(
  nc: NatsConnection,
  ref: AggregateRef,
  options: FollowOptions,
): AsyncGenerator<LoggedCommit, void, undefined> {
  if (options.signal.aborted) return;
  const subject = logSubject(ref);
  const consumer = await jetstream(nc).consumers.get(streamFor(ref), {
    filter_subjects: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: options.fromSeq ?? 1,
  });
  const messages = await consumer.consume({ max_messages: FOLLOW_AHEAD_MAX });
  const stop = (): void => messages.stop();
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    // Aborted while the consumer was being made.
    if (options.signal.aborted) return;
    for await (const message of messages) {
      const record = {
        seq: message.seq,
        subject,
        storedAt: toInstant(message.time.toISOString()),
        bytes: message.data,
      };
      const decoded = readRecord(record, subject);
      if (decoded.kind === 'unreadable') throw new UnreadableCommitError(decoded.code, record.seq, decoded.problem);
      yield { commit: decoded.commit, seq: record.seq, storedAt: record.storedAt };
    }
  } finally {
    options.signal.removeEventListener('abort', stop);
    await messages.close();
    await consumer.delete().catch(() => {});
  }
}
