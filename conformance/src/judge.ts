import { isJsonObject, type Json } from '@throughline/contracts';
import { detailsOf } from '@throughline/history';
import type { CaseRun, HistoryEvent } from './case-run.ts';
import { causeLike, compareHistories, type OurEvent } from './compare-events.ts';
import { type Compared, compareValues, type Difference, parsedText } from './compare-values.ts';
import { oneAtATimeMaps } from './definition-states.ts';
import { type Bindings, NO_BINDINGS, type Placeholders, placeholdersOf } from './placeholders.ts';
import type { RecordedCase } from './recorded-case.ts';

/** How a case came out at each level; `difference` is the first one, at the level that was missed first. */
export type Judgement =
  | { readonly kind: 'excluded' }
  | {
      readonly kind: 'judged';
      readonly level1: boolean;
      /** `null`: its events cannot be compared. */
      readonly level2: boolean | null;
      readonly difference?: Difference;
    };

export const judge = (recorded: RecordedCase, run: CaseRun): Judgement => {
  if (recorded.excluded !== undefined) return { kind: 'excluded' };
  const withoutEvents = recorded.level1Only !== undefined;
  if (run.kind === 'broken') {
    const difference = { place: 'run', expected: recorded.expected.status, actual: run.problem };
    return { kind: 'judged', level1: false, level2: withoutEvents ? null : false, difference };
  }
  const given: Json[] = [recorded.input, recorded.taskOutcomes as Json]; // both were read from JSON
  const placeholders = placeholdersOf(given);
  const end = compareEnds(recorded, run, placeholders);
  if (!end.equal) {
    return { kind: 'judged', level1: false, level2: withoutEvents ? null : false, difference: end.difference };
  }
  if (withoutEvents) return { kind: 'judged', level1: true, level2: null };
  const events = compareHistories(
    recorded.expected.events,
    run.events.map(flattened),
    oneAtATimeMaps(recorded.definition),
    placeholders,
    end.bindings,
  );
  return events.equal
    ? { kind: 'judged', level1: true, level2: true }
    : { kind: 'judged', level1: true, level2: false, difference: events.difference };
};

/** Level 1: the status, and the output, or error and cause. */
const compareEnds = (
  { expected }: RecordedCase,
  run: Extract<CaseRun, { kind: 'ended' }>,
  placeholders: Placeholders,
): Compared => {
  if (run.status !== expected.status) {
    const because = [run.error, run.cause].filter((text) => text !== undefined && text !== '').join(': ');
    const actual = because === '' ? run.status : `${run.status} (${because})`;
    return { equal: false, difference: { place: 'status', expected: expected.status, actual } };
  }
  const pairs: [string, Json | undefined, Json | undefined][] = [
    ['output', parsedText(expected.output), run.output],
    ['error', expected.error, run.error],
    ['cause', expected.cause, expected.cause === undefined ? undefined : causeLike(expected.cause, run.cause)],
  ];
  let known: Bindings = NO_BINDINGS;
  for (const [place, mine, theirs] of pairs) {
    if (mine === undefined) continue;
    const compared = compareValues(place, mine, theirs, placeholders, known);
    if (!compared.equal) return compared;
    known = compared.bindings;
  }
  return { equal: true, bindings: known };
};

/** A recording lists an event's fields beside its type, whatever AWS calls the details. */
export const flattened = (event: HistoryEvent): OurEvent => {
  const details = detailsOf(event);
  return { ...(isJsonObject(details) ? details : {}), type: event.type };
};
