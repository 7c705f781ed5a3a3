import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import {
  commandSubject,
  type DeadLetter,
  deadLetterSchema,
  deadSubject,
  dueSubject,
  type ErrorCode,
  instantSchema,
  parseCommandSubject,
  parseDueSubject,
  STREAMS,
  SUBJECT_FILTERS,
  type Tenant,
  tenantOfSubject,
} from '@throughline/contracts';
import type { StoredRecord } from '../aggregate-reader.ts';
import type { NatsConnection } from './connection.ts';
import { getFromLeader, isJsError, JS_ERROR, jsApi } from './js-api.ts';
import type { Publisher } from './publisher.ts';

export interface DeadLetterInput {
  readonly stream: string;
  readonly subject: string;
  readonly seq: number;
  readonly deliveries: number;
  readonly storedAtMs: number;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

/** More than any message of the engine: what is given up on can be requeued. A letter still has to fit into a message of 4 MB. */
const PAYLOAD_BYTES_MAX = 2.5 * 1024 * 1024;
const PAYLOAD_TEXT_BYTES_MAX = 3.4 * 1024 * 1024;
const HEADER_BYTES_MAX = 16 * 1024;
const REASON_CHARACTERS_MAX = 2_048;

const payloadOf = (bytes: Uint8Array): DeadLetter['payload'] => {
  const kept = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PAYLOAD_BYTES_MAX));
  const text = isUtf8(kept) ? kept.toString('utf8') : undefined;
  // A control character costs six bytes as a JSON escape; base64 never more than four thirds.
  const asText = text !== undefined && Buffer.byteLength(JSON.stringify(text)) <= PAYLOAD_TEXT_BYTES_MAX;
  return asText
    ? { encoding: 'utf8', data: text, bytes: bytes.length }
    : { encoding: 'base64', data: kept.toString('base64'), bytes: bytes.length };
};

/** Schedules, expectations and ids of the server's are about a message that is no more. */
const headersOf = (given: DeadLetterInput['headers'] = {}): Pick<DeadLetter, 'headers'> => {
  const headers = Object.fromEntries(Object.entries(given).filter(([name]) => !/^nats-/i.test(name)));
  return Buffer.byteLength(JSON.stringify(headers)) <= HEADER_BYTES_MAX ? { headers } : {};
};

/** Resolves when TL_DEAD has acked it: only then may the original be acked. */
export const deadLetter = async (publisher: Publisher, letter: DeadLetterInput): Promise<void> => {
  const { stream, subject, seq, deliveries, code, storedAtMs } = letter;
  const body: DeadLetter = {
    v: 1,
    stream,
    subject,
    seq,
    deliveries,
    code,
    reason: letter.reason.slice(0, REASON_CHARACTERS_MAX),
    storedAt: instantSchema.parse(new Date(storedAtMs).toISOString()),
    ...headersOf(letter.headers),
    payload: payloadOf(letter.bytes),
  };
  // The id makes a letter that was sent, and whose original came back before its ack, one letter.
  await publisher.publish(deadSubject(stream, tenantOfSubject(subject)), JSON.stringify(body), {
    msgId: `${stream}.${seq}.${storedAtMs}`,
  });
};

/** A letter with its place in TL_DEAD. */
export interface StoredDeadLetter {
  /** Its sequence and a hash of what it is about: another letter at the same place, after a loss of the stream, is another one. */
  readonly id: string;
  readonly deadAt: string;
  readonly letter: DeadLetter;
}

const storedLetter = ({ seq, storedAt, bytes }: StoredRecord): StoredDeadLetter | undefined => {
  try {
    const parsed = deadLetterSchema.safeParse(JSON.parse(Buffer.from(bytes).toString()));
    // Whoever can publish there can put there what is no letter: nobody can requeue it, and it must not hide the others.
    if (!parsed.success) return undefined;
    const letter = parsed.data;
    const about = `${letter.stream}.${letter.seq}.${letter.storedAt}`;
    const hash = createHash('sha256').update(about).digest('hex').slice(0, 12);
    return { id: `${seq}-${hash}`, deadAt: storedAt, letter };
  } catch {
    return undefined;
  }
};

const lettersOf = (tenant: Tenant, stream?: string): string =>
  stream === undefined ? SUBJECT_FILTERS.deadOfTenant(tenant) : deadSubject(stream, tenant);

/** The first letter of a tenant at or after a sequence; undefined where there is none. */
const nextLetter = async (nc: NatsConnection, filter: string, seq: number): Promise<StoredRecord | undefined> => {
  try {
    return await getFromLeader(nc, STREAMS.dead, { seq, next_by_subj: filter });
  } catch (error) {
    if (isJsError(error, JS_ERROR.streamNotFound)) return undefined;
    throw error;
  }
};

/** A tenant's letters from a sequence on, oldest first, and where the next page begins. */
export const readDeadLetters = async (
  nc: NatsConnection,
  tenant: Tenant,
  page: { readonly fromSeq: number; readonly limit: number; readonly stream?: string },
): Promise<{ readonly letters: readonly StoredDeadLetter[]; readonly nextSeq: number | undefined }> => {
  const filter = lettersOf(tenant, page.stream);
  const letters: StoredDeadLetter[] = [];
  let record = await nextLetter(nc, filter, page.fromSeq);
  while (record && letters.length < page.limit) {
    const letter = storedLetter(record);
    if (letter) letters.push(letter);
    record = await nextLetter(nc, filter, record.seq + 1);
  }
  return { letters, nextSeq: record?.seq };
};

/** Undefined where the tenant has no such letter, or has none any more. */
export const readDeadLetter = async (
  nc: NatsConnection,
  tenant: Tenant,
  id: string,
): Promise<StoredDeadLetter | undefined> => {
  const seq = Number(/^(\d{1,15})-/.exec(id)?.[1] ?? 0);
  const record = seq > 0 ? await nextLetter(nc, lettersOf(tenant), seq) : undefined;
  const found = record && storedLetter(record);
  return found?.id === id ? found : undefined;
};

/** Where the message of a letter goes again; undefined where it cannot: it was cut off, or its subject is none that anybody sends to. */
export const requeueSubject = ({ subject, payload }: DeadLetter): string | undefined => {
  const kept =
    payload.encoding === 'base64' ? Buffer.byteLength(payload.data, 'base64') : Buffer.byteLength(payload.data);
  if (kept !== payload.bytes) return undefined;
  const command = parseCommandSubject(subject);
  // The stream stores it under its partition.
  if (command) return commandSubject(command.origin, command.ref);
  const due = parseDueSubject(subject);
  if (due) return dueSubject(due.ref, due.timer);
  return /^tl\.(task|tel)\./.test(subject) ? subject : undefined;
};

/**
 * Sends the message of a letter to where it came from, and takes the letter away. Done again it finds none, so the message goes
 * out once; between a crash and the removal, the message id keeps a second one out for the stream's window.
 */
export const requeueDeadLetter = async (
  nc: NatsConnection,
  publisher: Publisher,
  tenant: Tenant,
  id: string,
): Promise<void> => {
  const found = await readDeadLetter(nc, tenant, id);
  const subject = found && requeueSubject(found.letter);
  if (!found || subject === undefined) return;
  const { payload, headers = {} } = found.letter;
  await publisher.publish(subject, Buffer.from(payload.data, payload.encoding), { msgId: `requeue.${id}`, headers });
  await removeDeadLetter(nc, tenant, id);
};

export const removeDeadLetter = async (nc: NatsConnection, tenant: Tenant, id: string): Promise<void> => {
  if (!(await readDeadLetter(nc, tenant, id))) return;
  await jsApi(nc, `STREAM.MSG.DELETE.${STREAMS.dead}`, { seq: Number(id.split('-')[0]), no_erase: true });
};
