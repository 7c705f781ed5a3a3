import { foldCommit } from '../walk.ts';
import { scheduleDecider } from '../deciders.ts';
import { START_AT } from '../spec/given-when-then.ts';
import { refusalOf, ScheduleUnderTest, sentBy } from '../spec/schedule-under-test.ts';
import type { ScheduleState } from './schedule-state.ts';

const scheduled = (more: Parameters<ScheduleUnderTest['put']>[0] = {}): ScheduleUnderTest => {
  const under = new ScheduleUnderTest();
  under.put(more);
  return under;
};
const kinds = (effects: readonly { kind: string }[]): readonly string[] => effects.map(({ kind }) => kind);

describe('putting a schedule', () => {
  test('arms its first instant', () => {
    const under = new ScheduleUnderTest();
    const then = under.put();
    expect(then.types).toEqual(['SchedulePut', 'ScheduleArmed']);
    expect(then.effects).toMatchObject([{ kind: 'arm-timer', timer: '1-1', dueAt: '2026-01-31T12:01:00.000Z' }]);
    expect(under.state).toMatchObject({ status: 'active', createdAt: START_AT, putBy: { id: 'spec' } });
  });

  test('again as it is changes nothing; otherwise replaces it, with another timer', () => {
    const under = scheduled();
    expect(under.put()).toMatchObject({ outcome: { kind: 'ignored' }, types: [] });
    const then = under.put({ overlap: 'allow' });
    expect(then.types).toEqual(['SchedulePut', 'ScheduleDisarmed', 'ScheduleArmed']);
    expect(kinds(then.effects)).toEqual(['cancel-timer', 'arm-timer']);
    expect(under.state.timer?.id).toBe('2-2');
  });

  test('a paused one stays paused when it is replaced', () => {
    const under = scheduled();
    under.pause();
    expect(under.put({ overlap: 'allow' }).types).toEqual(['SchedulePut']);
    expect(under.state.status).toBe('paused');
  });

  const foundWith = (workflow: 'known' | 'unknown' | 'unknown-version', timing: object) =>
    ({ workflow, timing }) as never;
  const calendar = { kind: 'calendar', next: '2026-01-31T12:01:00.000Z' };
  test.each([
    ['a workflow that nobody registered', 'TL0101', {}, foundWith('unknown', calendar)],
    ['a version that nobody registered', 'TL0102', { version: 9 }, foundWith('unknown-version', calendar)],
    ['a cron that never fires', 'TL0154', {}, foundWith('known', { kind: 'calendar', next: null })],
    [
      'an expression that is none',
      'TL0151',
      {},
      foundWith('known', { kind: 'bad-timing', problem: 'expression', why: 'no' }),
    ],
    [
      'a time zone that is none',
      'TL0152',
      {},
      foundWith('known', { kind: 'bad-timing', problem: 'time-zone', why: 'no' }),
    ],
    ['no interval', 'TL0153', { timing: { kind: 'interval', everySeconds: 0 } }, foundWith('known', calendar)],
    [
      'parts of a millisecond',
      'TL0153',
      { timing: { kind: 'interval', everySeconds: 1.00001 } },
      foundWith('known', calendar),
    ],
    [
      'too long an interval',
      'TL0153',
      { timing: { kind: 'interval', everySeconds: 1e9 } },
      foundWith('known', calendar),
    ],
    ['too large an input', 'TL0005', { input: 'x'.repeat(300_000) }, foundWith('known', calendar)],
  ])('%s is refused as %s', (_what, code, more, found) => {
    const under = new ScheduleUnderTest();
    const then = under.when({ type: 'PutSchedule', body: { spec: under.spec(more), found } });
    expect(refusalOf(then)).toBe(code);
    expect(under.log).toEqual([]);
  });
});

describe('an instant', () => {
  test('starts an execution that names schedule and instant, and arms the next one', () => {
    const under = scheduled({ input: { day: '<aws.scheduler.scheduled-time>' }, labels: { team: 'ops' } });
    const then = under.fire();
    expect(then.types).toEqual(['ScheduleFired', 'ScheduledRunRequested', 'ScheduleArmed']);
    const [start] = sentBy(then.effects);
    expect(start).toMatchObject({
      type: 'StartExecution',
      body: {
        workflow: 'report',
        trigger: 'scheduled',
        input: { day: '2026-01-31T12:01:00.000Z' },
        labels: {
          team: 'ops',
          'throughline.schedule': 'nightly',
          'throughline.scheduled-for': '2026-01-31T12:01:00.000Z',
        },
        schedule: { scheduleId: 'nightly', instant: '2026-01-31T12:01:00.000Z' },
      },
    });
    expect(under.state.timer?.dueAt).toBe('2026-01-31T12:02:00.000Z');
  });

  test('always names the same execution, also for a schedule that was deleted and put again', () => {
    const one = scheduled();
    one.fire();
    const other = scheduled();
    other.when({ type: 'DeleteSchedule', body: {} });
    other.put();
    other.fire();
    expect(other.openRun()).toBe(one.openRun());
  });

  test('a timer that was replaced, or comes too early, starts nothing', () => {
    const under = scheduled();
    expect(refusalOf(under.fire(0, { timer: '9-9' }))).toBe('TL0108');
    const { timer } = under.state;
    under.now = START_AT;
    const found = { seenAt: START_AT, due: [], missed: 0, next: null };
    expect(refusalOf(under.when({ type: 'FireSchedule', body: { timer: timer?.id as never, found } }))).toBe('TL0108');
  });

  test('the last one of a calendar leaves no timer', () => {
    const under = scheduled();
    under.now = under.state.timer?.dueAt ?? START_AT;
    const found = { seenAt: under.now, due: [under.now], missed: 0, next: null };
    under.when({ type: 'FireSchedule', body: { timer: under.state.timer?.id as never, found } });
    expect(under.state).toMatchObject({ status: 'active', timer: null });
  });
});

describe('instants that passed while the engine was down', () => {
  test('are started by the overlap policy, those too late are counted', () => {
    const under = scheduled({ overlap: 'allow' });
    const then = under.fire(4, { catchUp: 3 });
    expect(then.types.filter((type) => type === 'ScheduledRunRequested')).toHaveLength(3);
    expect(under.state.counts).toEqual({ requested: 3, skipped: 0, missed: 2 });
    expect(under.state.open.map(({ instant, cause }) => [instant.slice(11, 16), cause])).toEqual([
      ['12:03', 'caught-up'],
      ['12:04', 'caught-up'],
      ['12:05', 'caught-up'],
    ]);
    expect(under.state.timer?.dueAt).toBe('2026-01-31T12:06:00.000Z');
  });

  test('with skip, the first of them starts and the others do not', () => {
    const under = scheduled();
    under.fire(2);
    expect(under.state.counts).toEqual({ requested: 1, skipped: 2, missed: 0 });
  });
});

describe('overlap', () => {
  test('skip: an instant does nothing while the last execution runs', () => {
    const under = scheduled();
    under.fire();
    expect(under.fire().types).toEqual(['ScheduleFired', 'ScheduledRunSkipped', 'ScheduleArmed']);
    under.ends();
    expect(under.fire().types).toContain('ScheduledRunRequested');
    expect(under.state.past.map(({ outcome, why }) => [outcome, why])).toEqual([
      ['succeeded', null],
      ['skipped', 'overlap'],
    ]);
  });

  test('allow: up to 100 run at once', () => {
    const under = scheduled({ overlap: 'allow' });
    for (let n = 0; n < 101; n += 1) under.fire();
    expect(under.state.open).toHaveLength(100);
    expect(under.state.past).toMatchObject([{ outcome: 'skipped', why: 'too-many' }]);
  });

  test('what waits starts when the policy becomes allow: later instants never overtake it', () => {
    const under = scheduled({ overlap: 'queue_one' });
    under.fire(1, { catchUp: 2 });
    expect(under.state.queued?.instant).toBe('2026-01-31T12:02:00.000Z');
    const then = under.later(1).put({ overlap: 'allow' });
    expect(then.types).toEqual(['SchedulePut', 'ScheduledRunRequested', 'ScheduleDisarmed', 'ScheduleArmed']);
    under.fire();
    expect(under.state.open.map(({ instant }) => instant.slice(11, 16))).toEqual(['12:01', '12:02', '12:03']);
  });

  test('queue_one: one waits for the end of the last, and starts with it', () => {
    const under = scheduled({ overlap: 'queue_one' });
    under.fire();
    expect(under.fire().types).toContain('ScheduledRunQueued');
    expect(under.fire().types).toContain('ScheduledRunSkipped');
    const then = under.ends('failed');
    expect(then.types).toEqual(['ScheduledRunEnded', 'ScheduledRunRequested']);
    expect(sentBy(then.effects)).toMatchObject([{ body: { schedule: { instant: '2026-01-31T12:02:00.000Z' } } }]);
    expect(under.state.queued).toBeNull();
  });

  test('cancel_previous: the last is stopped, and the newest instant starts when it has ended', () => {
    const under = scheduled({ overlap: 'cancel_previous' });
    under.fire();
    const then = under.fire();
    expect(then.types).toEqual(['ScheduleFired', 'ScheduledRunStopped', 'ScheduledRunQueued', 'ScheduleArmed']);
    expect(sentBy(then.effects).map(({ type }) => type)).toEqual(['CancelExecution']);
    expect(under.fire().types).toEqual(['ScheduleFired', 'ScheduledRunSkipped', 'ScheduledRunQueued', 'ScheduleArmed']);
    expect(sentBy(under.ends('cancelled').effects)).toMatchObject([
      { body: { schedule: { instant: '2026-01-31T12:03:00.000Z' } } },
    ]);
  });

  test('a stop that came before its execution had started is sent again when it says that it has', () => {
    const under = scheduled({ overlap: 'cancel_previous' });
    under.fire();
    under.fire();
    const executionId = under.openRun() as never;
    const then = under.when({ type: 'RecordScheduledRun', body: { executionId, status: 'running' } });
    expect(sentBy(then.effects).map(({ type }) => type)).toEqual(['CancelExecution']);
  });

  test('a start that was refused makes room, with what it was refused for', () => {
    const under = scheduled();
    under.fire();
    const body = { executionId: under.openRun() as never, status: 'refused' as const, code: 'TL0101', message: 'gone' };
    under.when({ type: 'RecordScheduledRun', body });
    expect(under.state).toMatchObject({ open: [], past: [{ outcome: 'refused', code: 'TL0101', message: 'gone' }] });
  });

  test('a report that comes twice, or of an execution that nobody knows, counts once or not at all', () => {
    const under = scheduled();
    under.fire();
    const run = under.openRun();
    const running = { type: 'RecordScheduledRun', body: { executionId: run as never, status: 'running' } } as const;
    expect(under.when(running).types).toEqual(['ScheduledRunStarted']);
    expect(under.when(running).outcome).toEqual({ kind: 'ignored' });
    under.ends();
    expect(under.ends('failed', run).outcome).toEqual({ kind: 'ignored' });
    expect(under.state.past).toHaveLength(1);
  });
});

describe('pause, resume, delete and trigger', () => {
  test('paused, nothing comes due and nothing waits; what runs goes on', () => {
    const under = scheduled({ overlap: 'queue_one' });
    under.fire();
    under.fire();
    const then = under.pause();
    expect(then.types).toEqual(['SchedulePaused', 'ScheduleDisarmed', 'ScheduledRunSkipped']);
    expect(kinds(then.effects)).toEqual(['cancel-timer']);
    expect(under.pause().outcome).toEqual({ kind: 'ignored' });
    expect(under.ends().types).toEqual(['ScheduledRunEnded']);
  });

  test('resumed, it goes on with the next instant, not with those that passed', () => {
    const under = scheduled();
    under.pause();
    under.later(10);
    expect(under.resume().types).toEqual(['ScheduleResumed', 'ScheduleArmed']);
    expect(under.state.timer?.dueAt).toBe('2026-01-31T12:11:00.000Z');
    expect(under.resume().outcome).toEqual({ kind: 'ignored' });
  });

  test('deleted, it is unknown to every command but a new put, and hears how its last execution ended', () => {
    const under = scheduled();
    under.fire();
    expect(under.when({ type: 'DeleteSchedule', body: {} }).types).toEqual(['ScheduleDeleted', 'ScheduleDisarmed']);
    for (const type of ['PauseSchedule', 'ResumeSchedule', 'DeleteSchedule', 'TriggerSchedule'] as const) {
      expect(refusalOf(under.when({ type, body: {} }))).toBe('TL0150');
    }
    expect(under.ends().types).toEqual(['ScheduledRunEnded']);
    expect(under.put().types).toEqual(['SchedulePut', 'ScheduleArmed']);
  });

  test('a schedule that never was is unknown', () => {
    expect(refusalOf(new ScheduleUnderTest().trigger())).toBe('TL0150');
  });

  test('triggered, it starts at once, also paused; each trigger is an execution of its own', () => {
    const under = scheduled({ overlap: 'allow' });
    under.pause();
    under.trigger();
    under.trigger();
    expect(new Set(under.state.open.map(({ executionId }) => executionId)).size).toBe(2);
    expect(under.state.open).toMatchObject([{ cause: 'triggered' }, { cause: 'triggered' }]);
    expect(under.state.lastInstant).toBeNull();
  });

  test('triggered while its policy lets nothing start, it says so', () => {
    const under = scheduled();
    under.trigger();
    expect(refusalOf(under.trigger())).toBe('TL0155');
  });
});

describe('what may be lost', () => {
  test('the timer and starts that nobody confirmed are awaited; executions that run are asked', () => {
    const under = scheduled({ overlap: 'allow' });
    under.fire();
    under.fire();
    const executionId = under.openRun() as never;
    under.when({ type: 'RecordScheduledRun', body: { executionId, status: 'running' } });
    const awaited = under.awaited();
    expect(kinds(awaited)).toEqual(['arm-timer', 'command', 'command']);
    expect(sentBy(awaited).map(({ type }) => type)).toEqual(['StartExecution', 'ReportToParent']);
  });

  test('a start is sent again as it first was, whatever the schedule says by now', () => {
    const under = scheduled({ input: { n: 1 } });
    const [first] = sentBy(under.fire().effects);
    under.put({ input: { n: 2 } });
    expect(sentBy(under.awaited())).toEqual([first]);
  });
});

test('its log folds to the state that was decided', () => {
  const under = scheduled({ overlap: 'cancel_previous' });
  under.fire();
  under.fire(3);
  under.ends('cancelled');
  under.pause();
  const folded = under.log.reduce<ScheduleState>(foldCommit, scheduleDecider.initial(under.state.ref));
  expect(folded).toEqual(under.state);
});
