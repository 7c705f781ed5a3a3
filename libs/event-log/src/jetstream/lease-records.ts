import { type LeaseRecord, leaseRecordSchema, leaseSubject, STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { JS_ERROR } from './js-api.ts';
import { PublishError } from '../log-server.ts';
import type { Publisher } from './publisher.ts';

/** A lease as it stands in the stream. */
export interface StoredLease {
  readonly seq: number;
  /** By the server's clock: sequences begin again when the stream is lost, its clock does not. */
  readonly storedAtMs: number;
  readonly record: LeaseRecord;
}

const TIMEOUT_MS = 1_000;
const NOT_FOUND = 404;

/** All leases of a group by part. A follower may answer: what is stale costs one refused write, no more. */
export const readLeases = async (nc: NatsConnection, group: string): Promise<ReadonlyMap<string, StoredLease>> => {
  const answers = await nc.requestMany(
    `$JS.API.DIRECT.GET.${STREAMS.leases}`,
    JSON.stringify({ multi_last: [SUBJECT_FILTERS.leasesOf(group)] }),
    // The server ends the answers by an empty one.
    { strategy: 'sentinel', maxWait: TIMEOUT_MS },
  );
  const leases = new Map<string, StoredLease>();
  for await (const answer of answers) {
    const { headers } = answer;
    if (headers && headers.code >= 300 && headers.code !== NOT_FOUND) throw new Error(headers.description);
    const part = headers?.get('Nats-Subject').split('.')[3];
    const parsed = part && leaseRecordSchema.safeParse(jsonOf(answer.data));
    if (part && parsed && parsed.success) {
      const storedAtMs = Date.parse(headers?.get('Nats-Time-Stamp') ?? '');
      leases.set(part, { seq: Number(headers?.get('Nats-Sequence')), storedAtMs, record: parsed.data });
    }
  }
  return leases;
};

const jsonOf = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
};

export interface LeaseWrite {
  readonly group: string;
  readonly part: string;
  readonly record: LeaseRecord;
  /** The write counts only while this is what stands there; 0 where nothing does. Without it it always does. */
  readonly expectedSeq?: number;
}

/** Its new sequence; undefined where somebody else has written meanwhile. */
export const writeLease = async (publisher: Publisher, write: LeaseWrite): Promise<number | undefined> => {
  const { group, part, record, expectedSeq } = write;
  try {
    const { seq } = await publisher.publish(leaseSubject(group, part), JSON.stringify(record), {
      timeoutMs: TIMEOUT_MS,
      ...(expectedSeq === undefined ? {} : { expectedLastSubjectSeq: expectedSeq }),
    });
    return seq;
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    const { wrongLastSequence, wrongLastSequenceUnknown } = JS_ERROR;
    if (error.errCode === wrongLastSequence || error.errCode === wrongLastSequenceUnknown) return undefined;
    throw error;
  }
};
