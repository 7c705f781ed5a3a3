import { instantSchema, type ReplayVerdict } from '@throughline/contracts';
import type { AwsHistoryEvent } from '@throughline/history';
import type { CaseRun } from './case-run.ts';
import { judge } from './judge.ts';
import { type RecordedCase, recordedCaseSchema } from './recorded-case.ts';

const REPLAY: ReplayVerdict = { verdict: 'identical', commits: 1, events: 1, matchPercent: 100 };

const recorded = (expected: unknown, more: object = {}): RecordedCase =>
  recordedCaseSchema.parse({ id: 'c1', name: 'a case', source: 's', definition: {}, input: {}, expected, ...more });

const event = (id: number, type: string, details: object = {}): AwsHistoryEvent => ({
  id,
  previousEventId: id - 1,
  timestamp: instantSchema.parse('2026-01-31T12:00:00.000Z'),
  type,
  // AWS's own name of the details says nothing that is compared.
  someEventDetails: { ...details },
});

const succeeded = (output: string, events: readonly AwsHistoryEvent[] = []): CaseRun => ({
  kind: 'ended',
  status: 'SUCCEEDED',
  output: JSON.parse(output) as never,
  events,
  replay: REPLAY,
});
const failed = (error?: string, cause?: string): CaseRun => ({
  kind: 'ended',
  status: 'FAILED',
  ...(error === undefined ? {} : { error }),
  ...(cause === undefined ? {} : { cause }),
  events: [],
  replay: REPLAY,
});

describe('level 1', () => {
  it('is the output of a success', () => {
    expect(judge(recorded({ status: 'SUCCEEDED', output: '[1, 2]' }), succeeded('[1,2]'))).toMatchObject({
      level1: true,
    });
    expect(judge(recorded({ status: 'SUCCEEDED', output: { a: 1 } }), succeeded('{"a":2}'))).toMatchObject({
      level1: false,
      level2: false,
      difference: { place: 'output.a' },
    });
  });

  it('is error and cause of a failure', () => {
    const expected = { status: 'FAILED', error: 'E', cause: 'because of <uuid:1>' };
    expect(judge(recorded(expected), failed('E', 'because of 7'))).toMatchObject({ level1: true });
    expect(judge(recorded(expected), failed('F', 'because of 7'))).toMatchObject({ difference: { place: 'error' } });
    expect(judge(recorded(expected), failed('E', 'because'))).toMatchObject({ difference: { place: 'cause' } });
    expect(judge(recorded(expected), failed('E'))).toMatchObject({ level1: false });
  });

  it('is missed by another status, whose reason is shown', () => {
    expect(judge(recorded({ status: 'SUCCEEDED', output: {} }), failed('E', 'why'))).toMatchObject({
      level1: false,
      difference: { place: 'status', actual: 'FAILED (E: why)' },
    });
  });

  it('is missed by a run that came to no end', () => {
    const run: CaseRun = { kind: 'broken', problem: 'the definition is refused' };
    expect(judge(recorded({ status: 'FAILED' }), run)).toMatchObject({ level1: false, level2: false });
  });
});

describe('level 2', () => {
  const expected = { status: 'SUCCEEDED', output: {}, events: [{ type: 'ExecutionStarted', input: { a: 1 } }] };

  it('is the events too', () => {
    const alike = succeeded('{}', [event(1, 'ExecutionStarted', { input: '{"a":1}' })]);
    expect(judge(recorded(expected), alike)).toMatchObject({ level1: true, level2: true });
    const other = succeeded('{}', [event(1, 'ExecutionStarted', { input: '{"a":2}' })]);
    expect(judge(recorded(expected), other)).toMatchObject({
      level1: true,
      level2: false,
      difference: { place: 'events[0].input.a' },
    });
  });

  it('is not judged where the events of a case cannot be compared', () => {
    expect(judge(recorded(expected, { level1Only: 'they race' }), succeeded('{}'))).toMatchObject({
      level1: true,
      level2: null,
    });
  });

  it('knows what a placeholder of the output stands for', () => {
    const bound = { status: 'SUCCEEDED', output: { id: '<id>' }, events: [{ type: 'X', name: '<id>' }] };
    const run = (name: string) => succeeded('{"id":"i1"}', [event(1, 'X', { name })]);
    expect(judge(recorded(bound), run('i1'))).toMatchObject({ level2: true });
    expect(judge(recorded(bound), run('i2'))).toMatchObject({ level1: true, level2: false });
  });
});

it('an excluded case is neither passed nor missed', () => {
  expect(judge(recorded({ status: 'SUCCEEDED', output: {} }, { excluded: 'why' }), succeeded('{}'))).toEqual({
    kind: 'excluded',
  });
});
