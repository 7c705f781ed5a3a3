import {
  type AwsHistoryEventView,
  type ExecutionCommit,
  type HistoryEventView,
  isJsonObject,
  type Json,
} from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import { type AwsHistoryEvent } from '@throughline/history';

export interface HistoryPage<E> {
  readonly items: E[];
  readonly nextCursor: string | null;
}

/** Of our own events: `<version>.<index>` of the last one seen. */
const OWN_CURSOR = /^([1-9]\d{0,8})\.(\d{1,4})$/;
/** Of AWS's: the id of the last one seen. */
const AWS_CURSOR = /^[1-9]\d{0,8}$/;

/** Undefined where the cursor is not one that this route gave out. */
export const ownHistoryPage = (
  commits: readonly LoggedCommit<ExecutionCommit>[],
  limit: number,
  cursor: string | undefined,
): HistoryPage<HistoryEventView> | undefined => {
  const seen = cursor === undefined ? ['', '0', '-1'] : OWN_CURSOR.exec(cursor);
  if (!seen) return undefined;
  const [version, index] = [Number(seen[1]), Number(seen[2])];
  const items: HistoryEventView[] = [];
  for (const { commit } of commits) {
    if (commit.version < version) continue;
    const events = eventsOf(commit);
    items.push(...(commit.version === version ? events.slice(index + 1) : events));
    if (items.length > limit) return { items: items.slice(0, limit), nextCursor: items[limit - 1]?.id ?? null };
  }
  return { items, nextCursor: null };
};

const eventsOf = (commit: ExecutionCommit): readonly HistoryEventView[] => {
  const views: HistoryEventView[] = [];
  let index = 0;
  for (const command of commit.commands) {
    const { id, type, actor, at } = command;
    const end = index + command.events;
    for (; index < end; index += 1) {
      const { type: name, ...fields } = commit.events[index] ?? { type: '' };
      const event = withDataInPlace(fields as { [field: string]: Json }, command.body as Json); // both came from JSON
      views.push({ id: `${commit.version}.${index}`, at, type: name, event, command: { id, type, actor } });
    }
  }
  return views;
};

/** On the log, data that the causing command brought stands in that command only. */
const withDataInPlace = (fields: { readonly [field: string]: Json }, body: Json): Json =>
  Object.fromEntries(
    Object.entries(fields).map(([field, value]) => {
      const ref = isJsonObject(value) ? value.ref : undefined;
      const found = typeof ref === 'string' && isJsonObject(body) ? body[ref] : undefined;
      return [field, found === undefined ? value : { value: found }];
    }),
  );

/** `batches` are folded only until the page is full. Undefined as above. */
export const awsHistoryPage = async (
  batches: AsyncIterable<readonly AwsHistoryEvent[]>,
  limit: number,
  cursor: string | undefined,
): Promise<HistoryPage<AwsHistoryEventView> | undefined> => {
  if (cursor !== undefined && !AWS_CURSOR.test(cursor)) return undefined;
  const seen = Number(cursor ?? 0);
  const items: AwsHistoryEventView[] = [];
  for await (const batch of batches) {
    // The cast says what the event's own type says by the names of its members.
    for (const event of batch) if (event.id > seen) items.push(event as AwsHistoryEventView);
    if (items.length > limit) {
      return { items: items.slice(0, limit), nextCursor: String(seen + limit) };
    }
  }
  return { items, nextCursor: null };
};
