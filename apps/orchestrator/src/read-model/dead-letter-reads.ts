import { createHash } from 'node:crypto';
import {
  type DeadLetterId,
  type DeadLetterView,
  type FoundLetter,
  type Instant,
  parseCommandSubject,
  parseDueSubject,
  type Tenant,
} from '@throughline/contracts';
import {
  type NatsConnection,
  readDeadLetter,
  readDeadLetters,
  requeueSubject,
  type StoredDeadLetter,
} from '@throughline/event-log/jetstream';
import { type SettledLetter, tenantRef, type TenantState } from '@throughline/execution';
import type { StateCache } from '@throughline/engine';
import { readCursor, writeCursor } from '@throughline/service-host';
import type { Page } from './execution-reads.ts';

export interface DeadLetterFilters {
  readonly status: 'open' | 'settled';
  readonly stream?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** What a letter says of the message in it; longer texts are cut in a command, which has to stay small. */
const SUBJECT_CHARS_MAX = 512;

/** Letters: open ones straight from their stream, settled ones from the log. No table: what is in the stream is what there is. */
export class DeadLetterReads {
  private readonly nc: NatsConnection;
  private readonly states: StateCache;

  constructor(nc: NatsConnection, states: StateCache) {
    this.nc = nc;
    this.states = states;
  }

  async list(tenant: Tenant, filters: DeadLetterFilters): Promise<Page<DeadLetterView>> {
    const from = Number(readCursor(filters.cursor, ['number'])?.[0] ?? 0);
    const settled = await this.settled(tenant);
    if (filters.status === 'settled') {
      const newest = settled.filter(({ letter }) => (filters.stream ?? letter.stream) === letter.stream).reverse();
      const items = newest.slice(from, from + filters.limit).map((act) => viewOf(undefined, act));
      const next = from + items.length;
      return { items, nextCursor: next < newest.length ? writeCursor([String(next)]) : null };
    }
    const acts = new Set(settled.map(({ letterId }) => letterId as string));
    const { limit, stream } = filters;
    const { letters, nextSeq } = await readDeadLetters(this.nc, tenant, {
      fromSeq: Math.max(1, from),
      limit,
      ...(stream === undefined ? {} : { stream }),
    });
    return {
      // One that was settled just now may still be there.
      items: letters.filter(({ id }) => !acts.has(id)).map((found) => viewOf(found, undefined)),
      nextCursor: nextSeq === undefined ? null : writeCursor([String(nextSeq)]),
    };
  }

  /** Undefined where the tenant has no such letter, and had none that was settled lately. */
  async get(tenant: Tenant, id: DeadLetterId): Promise<DeadLetterView | undefined> {
    const act = (await this.settled(tenant)).find(({ letterId }) => letterId === id);
    const found = await readDeadLetter(this.nc, tenant, id);
    return found || act ? viewOf(found, act, 'with-payload') : undefined;
  }

  /** What is recorded of a letter with the command that acts on it. */
  async found(tenant: Tenant, id: DeadLetterId): Promise<FoundLetter | undefined> {
    const found = await readDeadLetter(this.nc, tenant, id);
    if (!found) return undefined;
    const { stream, subject, code, reason, payload } = found.letter;
    return {
      stream,
      subject: subject.slice(0, SUBJECT_CHARS_MAX),
      code,
      why: reason,
      payloadHash: createHash('sha256').update(Buffer.from(payload.data, payload.encoding)).digest('hex'),
      requeueable: requeueSubject(found.letter) !== undefined,
    };
  }

  private async settled(tenant: Tenant): Promise<readonly SettledLetter[]> {
    const loaded = await this.states.load(tenantRef(tenant));
    if (loaded.kind === 'unreadable') throw new Error(`${loaded.code}: ${loaded.problem}`);
    // The state of the aggregate that was asked for.
    return (loaded.state as TenantState).settledLetters;
  }
}

const viewOf = (
  found: StoredDeadLetter | undefined,
  act: SettledLetter | undefined,
  payload?: 'with-payload',
): DeadLetterView => {
  const about = found?.letter ?? act?.letter;
  if (!about) throw new Error('a view of nothing');
  const { stream, subject, code } = about;
  return {
    // Either names it; the casts restore brands of texts that this engine wrote.
    id: (found?.id ?? act?.letterId) as DeadLetterId,
    status: act?.act ?? 'open',
    stream,
    subject,
    code,
    reason: found?.letter.reason ?? act?.letter.why ?? '',
    letter: found ? letterView(found, payload) : null,
    settled: act ? { at: act.at, by: act.by, reason: act.reason } : null,
  };
};

const letterView = ({ letter, deadAt }: StoredDeadLetter, payload?: 'with-payload'): DeadLetterView['letter'] => ({
  deliveries: letter.deliveries,
  storedAt: letter.storedAt as Instant,
  deadAt: deadAt as Instant,
  bytes: letter.payload.bytes,
  requeueable: requeueSubject(letter) !== undefined,
  about: aboutOf(letter),
  headers: letter.headers ?? {},
  ...(payload ? { payload: { encoding: letter.payload.encoding, data: letter.payload.data } } : {}),
});

type About = NonNullable<DeadLetterView['letter']>['about'];

/** As far as the message can be read: much of what is here could not be. */
const aboutOf = ({ subject, payload }: StoredDeadLetter['letter']): About => {
  const body = payload.encoding === 'utf8' ? objectOf(payload.data) : {};
  const text = (name: string): string | null => (typeof body[name] === 'string' ? body[name] : null);
  const ref = parseCommandSubject(subject)?.ref ?? parseDueSubject(subject)?.ref;
  return {
    aggregate: ref?.aggregate ?? (text('executionId') === null ? null : 'execution'),
    aggregateId: ref?.aggregateId ?? text('executionId'),
    type: text('type'),
    state: text('state'),
    correlationId: text('correlationId'),
  };
};

const objectOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}; // any object has text keys
  } catch {
    return {};
  }
};
