import { OVERLAPS, type ScheduleEvent } from '@throughline/contracts';
import fc from 'fast-check';
import { scheduleDecider } from '../deciders.ts';
import { ScheduleUnderTest } from '../spec/schedule-under-test.ts';
import { foldCommit } from '../walk.ts';
import type { ScheduleState } from './schedule-state.ts';

const overlap = fc.constantFrom(...OVERLAPS);
/** What can happen to a schedule, in any order; `nth` picks among what runs. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('fire' as const), late: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('ends' as const, 'starts' as const), nth: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('put' as const), overlap }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause', 'resume', 'trigger', 'delete', 'late') }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer H> ? H : never;

const happen = (under: ScheduleUnderTest, what: Happening): void => {
  const run = (nth: number) => under.state.open[nth % Math.max(1, under.state.open.length)]?.executionId;
  switch (what.kind) {
    case 'fire':
      if (under.state.timer && 'late' in what) under.fire(what.late, { catchUp: 3 });
      return;
    case 'ends':
    case 'starts': {
      const executionId = 'nth' in what ? run(what.nth) : undefined;
      if (!executionId) return;
      const status = what.kind === 'ends' ? 'succeeded' : 'running';
      under.when({ type: 'RecordScheduledRun', body: { executionId, status } });
      return;
    }
    case 'put':
      if ('overlap' in what) under.put({ overlap: what.overlap });
      return;
    case 'pause':
      return void under.pause();
    case 'resume':
      return void under.resume();
    case 'trigger':
      return void under.trigger();
    case 'delete':
      return void under.when({ type: 'DeleteSchedule', body: {} });
    default:
      under.later(2);
  }
};

const eventsOf = (under: ScheduleUnderTest): readonly ScheduleEvent[] =>
  under.log.flatMap(({ commit }) => (commit.aggregate === 'schedule' ? commit.events : []));

describe('whatever happens to a schedule', () => {
  test('no instant starts twice, instants rise, and every start ends at most once', () => {
    fc.assert(
      fc.property(overlap, fc.array(happening, { maxLength: 40 }), (first, happenings) => {
        const under = new ScheduleUnderTest();
        under.put({ overlap: first });
        for (const what of happenings) happen(under, what);
        const requested = eventsOf(under).filter((event) => event.type === 'ScheduledRunRequested');
        const ids = requested.map(({ executionId }) => executionId);
        expect(new Set(ids).size).toBe(ids.length);
        const instants = requested.filter(({ cause }) => cause !== 'triggered').map(({ instant }) => instant);
        expect(instants).toEqual([...instants].sort());
        const ended = eventsOf(under).filter((event) => event.type === 'ScheduledRunEnded');
        expect(new Set(ended.map(({ executionId }) => executionId)).size).toBe(ended.length);
        expect(ended.length + under.state.open.length).toBe(requested.length);
      }),
      { numRuns: 300 },
    );
  });

  test('nothing but allow lets two run at once, and only an active one waits', () => {
    const others = overlap.filter((one) => one !== 'allow');
    fc.assert(
      fc.property(others, fc.array(happening, { maxLength: 40 }), (first, happenings) => {
        const under = new ScheduleUnderTest();
        under.put({ overlap: first });
        for (const what of happenings) {
          if (what.kind === 'put') continue;
          happen(under, what);
          const { open, queued, timer, status } = under.state;
          expect(open.length).toBeLessThanOrEqual(1);
          // Whoever waits has somebody to wait for, or would wait for ever.
          if (queued) expect([open.length, status]).toEqual([1, 'active']);
          expect(timer !== null).toBe(status === 'active');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('its log folds to the state that was decided', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
        const under = new ScheduleUnderTest();
        under.put();
        for (const what of happenings) happen(under, what);
        const initial = scheduleDecider.initial(under.state.ref);
        expect(under.log.reduce<ScheduleState>(foldCommit, initial)).toEqual(under.state);
      }),
      { numRuns: 100 },
    );
  });
});
