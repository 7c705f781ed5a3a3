import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import { type Compared, compareValues, type Difference, parsedText, shown } from './compare-values.ts';
import type { Bindings, Placeholders } from './placeholders.ts';
import type { RecordedEvent } from './recorded-case.ts';

/** One of our events, its details flattened to the fields that a recording may list. */
export type OurEvent = JsonObject & { readonly type: string };

/** Data fields, which AWS writes as JSON text. */
const DATA_FIELDS = ['input', 'output'] as const;
const PLAIN_FIELDS = ['name', 'index', 'length', 'error'] as const;

/** Every listed field compares; an absent one is not judged. */
export const compareEvent = (
  place: string,
  expected: RecordedEvent,
  actual: OurEvent,
  placeholders: Placeholders,
  bindings: Bindings,
): Compared => {
  const type = compareValues(`${place}.type`, expected.type, actual.type, placeholders, bindings);
  // What a service answered to a submission is not part of any recording that a stub could give.
  if (!type.equal || expected.type === 'TaskSubmitted') return type;
  const pairs: [string, Json, Json | undefined][] = [];
  for (const field of PLAIN_FIELDS) {
    if (expected[field] !== undefined) pairs.push([field, expected[field], actual[field]]);
  }
  for (const field of DATA_FIELDS) {
    if (expected[field] !== undefined) pairs.push([field, parsed(expected[field]), parsedText(actual[field])]);
  }
  if (expected.assignedVariables !== undefined) {
    pairs.push(['assignedVariables', variables(expected.assignedVariables), variables(actual.assignedVariables)]);
  }
  if (expected.cause !== undefined) pairs.push(['cause', expected.cause, causeLike(expected.cause, actual.cause)]);
  let known = type.bindings;
  for (const [field, mine, theirs] of pairs) {
    const compared = compareValues(`${place}.${field}`, mine, theirs, placeholders, known);
    if (!compared.equal) return compared;
    known = compared.bindings;
  }
  return { equal: true, bindings: known };
};

const parsed = (value: Json): Json => parsedText(value) ?? null;

const variables = (value: Json | undefined): Json =>
  isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name, parsed(text)]))
    : (value ?? {});

/** Where the recorded cause is an object, ours is the JSON text of one. */
export const causeLike = (expected: Json, actual: Json | undefined): Json | undefined =>
  typeof expected === 'string' ? actual : parsedText(actual);

/** Events in order, where the inside of a Parallel or Map is one item. */
type Item<E> =
  | { readonly kind: 'event'; readonly at: number; readonly event: E }
  | { readonly kind: 'fan-out'; readonly inOrder: boolean; readonly inside: readonly Item<E>[] };

const STARTED = /^(Parallel|Map)StateStarted$/;
const ENDED = /^(Parallel|Map)State(Succeeded|Failed|Aborted|TimedOut)$/;
const EXECUTION_ENDED = /^Execution(Succeeded|Failed|Aborted|TimedOut)$/;

/**
 * Cuts a history at the fan-outs: what stands between a Started event and its matching end. A fan-out that never ends
 * lasts until the execution does. `oneAtATime` names the Map states with MaxConcurrency 1.
 */
export const cutAtFanOuts = <E extends { readonly type: string; readonly name?: Json }>(
  events: readonly E[],
  oneAtATime: ReadonlySet<string>,
): readonly Item<E>[] => {
  let at = 0;
  const take = (inside: boolean): Item<E>[] => {
    const items: Item<E>[] = [];
    let mapName: string | undefined;
    for (let event = events[at]; event !== undefined; event = events[at]) {
      if (inside && (ENDED.test(event.type) || EXECUTION_ENDED.test(event.type))) break;
      items.push({ kind: 'event', at, event });
      at += 1;
      if (event.type === 'MapStateEntered') mapName = typeof event.name === 'string' ? event.name : undefined;
      if (!STARTED.test(event.type)) continue;
      const inOrder = event.type === 'MapStateStarted' && mapName !== undefined && oneAtATime.has(mapName);
      items.push({ kind: 'fan-out', inOrder, inside: take(true) });
      const end = events[at];
      if (inside && end && ENDED.test(end.type)) {
        // The inner fan-out's own end: the outer one goes on.
        items.push({ kind: 'event', at, event: end });
        at += 1;
      }
    }
    return items;
  };
  return take(false);
};

const flat = <E>(items: readonly Item<E>[]): readonly Extract<Item<E>, { kind: 'event' }>[] =>
  items.flatMap((item) => (item.kind === 'event' ? [item] : flat(item.inside)));

export const compareHistories = (
  expected: readonly RecordedEvent[],
  actual: readonly OurEvent[],
  oneAtATime: ReadonlySet<string>,
  placeholders: Placeholders,
  bindings: Bindings,
): Compared =>
  compareItems(
    cutAtFanOuts<RecordedEvent>(expected, oneAtATime),
    cutAtFanOuts<OurEvent>(actual, oneAtATime),
    placeholders,
    bindings,
  );

const compareItems = (
  expected: readonly Item<RecordedEvent>[],
  actual: readonly Item<OurEvent>[],
  placeholders: Placeholders,
  bindings: Bindings,
): Compared => {
  let known = bindings;
  for (let i = 0; i < Math.max(expected.length, actual.length); i += 1) {
    const [mine, theirs] = [expected[i], actual[i]];
    if (!mine || !theirs || mine.kind !== theirs.kind) return oddItem(mine, theirs);
    const compared =
      mine.kind === 'event' && theirs.kind === 'event'
        ? compareEvent(placeOf(mine), mine.event, theirs.event, placeholders, known)
        : mine.kind === 'fan-out' && theirs.kind === 'fan-out'
          ? mine.inOrder
            ? compareItems(mine.inside, theirs.inside, placeholders, known)
            : compareMultisets(flat(mine.inside), flat(theirs.inside), placeholders, known)
          : oddItem(mine, theirs);
    if (!compared.equal) return compared;
    known = compared.bindings;
  }
  return { equal: true, bindings: known };
};

const placeOf = ({ at }: { readonly at: number }): string => `events[${at}]`;

const oddItem = (mine: Item<RecordedEvent> | undefined, theirs: Item<OurEvent> | undefined): Compared => {
  const what = (item: Item<{ readonly type: string }> | undefined): string =>
    item === undefined ? 'nothing' : item.kind === 'event' ? item.event.type : 'a fan-out';
  const at = [mine, theirs].find((item) => item?.kind === 'event');
  const place = at?.kind === 'event' ? placeOf(at) : 'events';
  return { equal: false, difference: { place, expected: what(mine), actual: what(theirs) } };
};

/** Choices that are looked at before a multiset counts as different: more only happens where nearly all events are alike. */
const CHOICES_MAX = 20_000;

type Listed<E> = Extract<Item<E>, { kind: 'event' }>;

/** Pairs every expected event with one of ours, in any order, so that all placeholders agree. */
const compareMultisets = (
  expected: readonly Listed<RecordedEvent>[],
  actual: readonly Listed<OurEvent>[],
  placeholders: Placeholders,
  bindings: Bindings,
): Compared => {
  if (expected.length !== actual.length) return countDifference(expected, actual);
  let choices = 0;
  let deepest = -1;
  let difference: Difference | undefined;
  const pair = (index: number, left: readonly Listed<OurEvent>[], known: Bindings): Bindings | undefined => {
    const mine = expected[index];
    if (!mine) return known;
    for (const [i, theirs] of left.entries()) {
      if ((choices += 1) > CHOICES_MAX) return undefined;
      const compared = compareEvent(placeOf(mine), mine.event, theirs.event, placeholders, known);
      if (!compared.equal) {
        // The nearest miss of the furthest event says most: one of the same type.
        const nearer =
          index > deepest || (mine.event.type === theirs.event.type && difference?.place.endsWith('.type'));
        if (nearer) [deepest, difference] = [index, compared.difference];
        continue;
      }
      const rest = pair(index + 1, [...left.slice(0, i), ...left.slice(i + 1)], compared.bindings);
      if (rest) return rest;
    }
    return undefined;
  };
  const bound = pair(0, actual, bindings);
  if (bound) return { equal: true, bindings: bound };
  const place = `${difference?.place ?? 'events'} (in any order)`;
  return {
    equal: false,
    difference: { place, expected: difference?.expected ?? '', actual: difference?.actual ?? shown('none that fits') },
  };
};

const countDifference = (expected: readonly Listed<RecordedEvent>[], actual: readonly Listed<OurEvent>[]): Compared => {
  const place = `events[${expected[0]?.at ?? actual[0]?.at ?? 0}…] (in any order)`;
  const counts = (items: readonly Listed<{ readonly type: string }>[]): string => {
    const byType = new Map<string, number>();
    for (const { event } of items) byType.set(event.type, (byType.get(event.type) ?? 0) + 1);
    return [...byType]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, count]) => `${count} ${type}`)
      .join(', ');
  };
  return { equal: false, difference: { place, expected: counts(expected), actual: counts(actual) } };
};
