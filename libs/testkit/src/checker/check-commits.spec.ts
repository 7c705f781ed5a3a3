import { readdirSync, readFileSync } from 'node:fs';
import { type Commit, type Json, logSubject, parseCommit } from '@throughline/contracts';
import type { CommitAt } from '@throughline/execution';
import { exampleMachines, givenMachine, resolved } from '@throughline/execution/given-when-then';
import { LockWorld } from '@throughline/execution/lock-world';
import type { Acknowledged } from './acknowledged.ts';
import { checkCommits, type CommitsCheckOptions } from './check-commits.ts';
import { LogCheck } from './log-check.ts';
import type { CheckReport, PromiseName } from './promise-table.ts';

const violated = ({ promises }: CheckReport): readonly PromiseName[] =>
  promises.filter(({ violations }) => violations > 0).map(({ promise }) => promise);
const problems = ({ promises }: CheckReport): readonly string[] =>
  promises.flatMap(({ named }) => named.map(({ problem }) => problem));

const GOLDEN = new URL('../../../history/golden/1/', import.meta.url);
/** It has the lock's tokens without the lock's own history. */
const WITHOUT_ITS_LOCKS = 'mutex-held.json';

const goldenLog = (name: string): readonly CommitAt[] => {
  // Our own files.
  const { log } = JSON.parse(readFileSync(new URL(name, GOLDEN), 'utf8')) as { log: readonly CommitAt[] };
  return log.map(({ commit, seq }) => {
    const parsed = parseCommit(commit);
    if (parsed.kind !== 'commit') throw new Error(`sequence ${seq} of ${name} cannot be read`);
    return { commit: parsed.commit, seq, subject: logSubject(parsed.commit) };
  });
};

describe('histories as the engine decides them', () => {
  test.each(readdirSync(GOLDEN).filter((name) => name !== WITHOUT_ITS_LOCKS))('%s breaks no promise', (name) => {
    expect(violated(checkCommits(goldenLog(name), { quiet: true }))).toEqual([]);
  });

  test('locks that nobody granted are found', () => {
    expect(violated(checkCommits(goldenLog(WITHOUT_ITS_LOCKS)))).toEqual(['mutex']);
  });

  test('executions that contend for locks break no promise, and show who held what', () => {
    const { machine, task } = exampleMachines;
    const definition = machine({ Work: task({ Throughline: { Mutex: { Assets: ['pump', 'valve'] } } }) });
    const world = new LockWorld({ pumping: definition });
    for (const id of ['a', 'b', 'c']) world.start(id, 'pumping');
    world.deliverAll();
    for (let done = 0; done < 3; done += 1) {
      const next = world.tasks[done];
      if (next) world.complete(next);
      world.deliverAll();
    }
    const commits = [...world.logs.values()].flat().sort((a, b) => a.seq - b.seq);
    const report = checkCommits(commits, {
      quiet: true,
      machineOf: () => () => resolved(definition, 'pumping'),
    });
    expect(problems(report)).toEqual([]);
    expect(report.promises.find(({ promise }) => promise === 'mutex')?.checked).toBeGreaterThan(15);
    expect(world.executions().map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });
});

const AT = '2026-01-31T12:00:00.000Z';
const later = (seconds: number): string => new Date(Date.parse(AT) + seconds * 1_000).toISOString();

interface By {
  readonly id?: string;
  readonly type?: string;
  readonly at?: string;
  readonly body?: Json;
  readonly aggregate?: string;
  readonly aggregateId?: string;
}
type Event = { readonly type: string; readonly [field: string]: unknown };

/** A log made by hand, one command per commit: legal or not. */
class HandMadeLog {
  readonly commits: CommitAt[] = [];

  add(events: readonly Event[], by: By = {}): this {
    const { aggregate = 'execution', aggregateId = 'x' } = by;
    const own = this.commits.filter(
      ({ commit }) => commit.aggregate === aggregate && commit.aggregateId === aggregateId,
    );
    const version = own.length + 1;
    const id = by.id ?? `${aggregate}-${aggregateId}-${version}`;
    const command = {
      id,
      type: by.type ?? 'CompleteStep',
      at: by.at ?? AT,
      body: by.body ?? {},
      events: events.length,
    };
    const place = { tenant: 'default', aggregate, aggregateId, version, prevSeq: own.at(-1)?.seq ?? 0 };
    // What a check looks at of a commit, and nothing else.
    const commit = { ...place, commands: [command], events } as unknown as Commit;
    this.commits.push({ commit, seq: this.commits.length + 1 });
    return this;
  }

  check(options: CommitsCheckOptions = {}): CheckReport {
    return checkCommits(this.commits, options);
  }
}

const workflow = { name: 'w', version: 1 };
const started: Event = { type: 'ExecutionStarted', workflow };
const entered: Event = { type: 'StateEntered', frame: '0', state: 'Work' };
const scheduled = (attempt = 1, more: object = {}): Event => ({
  type: 'StepScheduled',
  frame: '0',
  state: 'Work',
  visit: 1,
  attempt,
  ...more,
});
const retried = (retry = 1, delayMs = 1_000): Event => ({
  type: 'RetryScheduled',
  frame: '0',
  state: 'Work',
  retrier: 0,
  retry,
  delayMs,
});
const armed = (timer: string, dueAt: string): Event => ({
  type: 'TimerArmed',
  timer,
  purpose: 'wait',
  frame: '0',
  dueAt,
});
const ended: Event = { type: 'ExecutionSucceeded' };

const running = (): HandMadeLog => new HandMadeLog().add([started, entered, scheduled()], { type: 'StartExecution' });

describe('a history in which', () => {
  test('nothing is wrong breaks no promise', () => {
    const log = running().add([{ type: 'StepSucceeded', token: '1.2' }, ended]);
    expect(violated(log.check({ quiet: true }))).toEqual([]);
  });

  test('a commit is missing has a gap', () => {
    const log = running()
      .add([])
      .add([{ type: 'StepSucceeded', token: '1.2' }, ended]);
    log.commits.splice(1, 1);
    expect(problems(log.check())).toEqual([
      'version 3 follows version 1',
      'it says that it follows sequence 2, and the one before stands at 1',
    ]);
  });

  test('time goes back breaks the chain', () => {
    expect(
      problems(
        running()
          .add([], { at: later(-1) })
          .check(),
      ),
    ).toEqual([`time goes back from ${AT} to ${later(-1)}`]);
  });

  test('commands have fewer events than their commit breaks the chain', () => {
    const log = running();
    const [first] = log.commits;
    Object.assign(first?.commit.commands[0] ?? {}, { events: 2 });
    expect(violated(log.check())).toEqual(['chain']);
  });

  test("a commit stands on another tenant's subject shows", () => {
    const commits = running().commits.map((logged) => ({ ...logged, subject: 'tl.log.globex.execution.x' }));
    expect(violated(checkCommits(commits))).toEqual(['chain', 'tenant']);
  });

  test('an event is not what its command leads to shows when it is decided again', () => {
    const execution = givenMachine(exampleMachines.ONE_TASK);
    execution.start();
    execution.complete('right');
    const machineOf = () => () => resolved(exampleMachines.ONE_TASK);
    expect(violated(checkCommits(execution.log, { machineOf }))).toEqual([]);
    const changed = JSON.parse(
      JSON.stringify(execution.log).replace('ExecutionSucceeded', 'ExecutionCancelled'),
    ) as CommitAt[]; // of the same form
    expect(violated(checkCommits(changed, { machineOf }))).toContain('decides');
  });

  test('a command is decided twice shows', () => {
    const log = running().add([], { id: 'again' }).add([], { id: 'again' });
    expect(violated(log.check())).toEqual(['commands-once']);
  });

  test('an end is followed by another shows', () => {
    const log = running()
      .add([{ type: 'StepSucceeded', token: '1.2' }, ended])
      .add([{ type: 'ExecutionFailed' }]);
    expect(problems(log.check())).toEqual(['ExecutionFailed after it has ended: succeeded']);
  });

  test('a step is begun after the end shows', () => {
    const log = running()
      .add([{ type: 'StepSucceeded', token: '1.2' }, ended])
      .add([entered]);
    expect(violated(log.check())).toEqual(['one-end']);
  });

  test('the end leaves attempts and timers open shows', () => {
    const log = running().add([armed('2-0', later(9)), ended]);
    expect(problems(log.check())).toEqual(['it ends with open attempts: 1.2', 'it ends with armed timers: 2-0']);
  });

  test('a success is reopened, or a reopening left out, shows', () => {
    const done = [{ type: 'StepSucceeded', token: '1.2' }, ended];
    const log = running()
      .add(done)
      .add([{ type: 'ExecutionReopened', n: 2 }]);
    expect(problems(log.check())).toEqual(['it is reopened after a success', 'reopening 2 follows reopening 0']);
  });

  test('an execution starts twice, or not at all, shows', () => {
    expect(violated(running().add([started]).check())).toEqual(['one-end']);
    expect(violated(new HandMadeLog().add([entered]).check())).toEqual(['one-end']);
  });

  test('a result comes for a step that nobody scheduled shows', () => {
    expect(
      violated(
        running()
          .add([{ type: 'StepSucceeded', token: '7.0' }])
          .check(),
      ),
    ).toEqual(['results']);
  });

  test('a result comes for an attempt that was closed shows', () => {
    const failed = { type: 'StepFailed', token: '1.2' };
    expect(violated(running().add([failed]).add([failed]).check())).toEqual(['results']);
  });

  test('a task is handed on twice shows', () => {
    const handedOn = { type: 'StepSubmitted', token: '1.2' };
    expect(problems(running().add([handedOn]).add([handedOn]).check())).toEqual([
      'attempt 1.2 is handed on a second time',
    ]);
  });

  test('a visit has two results that count shows', () => {
    const log = running()
      .add([{ type: 'StepSucceeded', token: '1.2' }, scheduled(2)])
      .add([{ type: 'StepSucceeded', token: '2.1' }]);
    expect(violated(log.check())).toEqual(['counted-once', 'attempts']);
  });

  test('a result is thrown away by a retry has room for another one', () => {
    const log = running()
      .add([{ type: 'StepSucceeded', token: '1.2' }, retried(), scheduled(2)])
      .add([{ type: 'StepSucceeded', token: '2.2' }]);
    expect(violated(log.check())).toEqual([]);
  });

  test('attempts are left out or come without a retry shows', () => {
    const log = running().add([{ type: 'StepFailed', token: '1.2' }, scheduled(3)]);
    expect(problems(log.check())).toEqual([
      "attempt 3 at 'Work' follows attempt 1",
      "attempt 3 at 'Work', and no retry was scheduled",
    ]);
  });

  test('a step is retried more often, or later, than its definition says shows', () => {
    const Retry = [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1, IntervalSeconds: 2 }];
    const definition = {
      StartAt: 'Work',
      States: { Work: { Type: 'Task', Resource: 'tl:task:q:h', Retry, End: true } },
    };
    const log = new HandMadeLog()
      .add([{ type: 'WorkflowRegistered', version: 1 }], {
        aggregate: 'workflow',
        aggregateId: 'w',
        type: 'RegisterWorkflow',
        body: { name: 'w', definition },
      })
      .add([started, entered, scheduled()])
      .add([{ type: 'StepFailed', token: '1.2' }, retried(1, 2_500), scheduled(2)])
      .add([{ type: 'StepFailed', token: '2.2' }, retried(2, 4_000)]);
    expect(problems(log.check())).toEqual([
      "'Work' waits 2500 ms before retry 1",
      "retry 2 at 'Work', whose retrier allows 1",
    ]);
  });

  test('a timer fires too early shows', () => {
    const log = running().add([armed('2-0', later(9))]);
    expect(violated(log.add([{ type: 'TimerFired', timer: '2-0' }], { at: later(8) }).check())).toEqual(['timers']);
  });

  test('a timer fires after its cancel shows', () => {
    const log = running()
      .add([armed('2-0', later(9))])
      .add([{ type: 'TimerCancelled', timer: '2-0' }])
      .add([{ type: 'TimerFired', timer: '2-0' }], { at: later(9) });
    expect(problems(log.check())).toEqual(['timer 2-0 fires, and is not armed']);
  });

  test('a timer does not wait for the time that a pause took shows', () => {
    const paused = running()
      .add([armed('2-0', later(10))])
      .add([{ type: 'ExecutionPaused' }], { at: later(4) });
    const during = new HandMadeLog();
    during.commits.push(...paused.commits);
    during.add([{ type: 'TimerFired', timer: '2-0' }], { at: later(11) });
    expect(problems(during.check())).toEqual(['timer 2-0 fires during a pause']);
    paused.add([{ type: 'ExecutionResumed' }], { at: later(24) });
    paused.add([{ type: 'TimerFired', timer: '2-0' }], { at: later(29) });
    expect(problems(paused.check())).toEqual([`timer 2-0 fires at ${later(29)}, 1000 ms too early`]);
  });

  test('an attempt that gave a sign of life is ended for its silence shows', () => {
    const beating = new HandMadeLog()
      .add([started, entered, scheduled(1, { heartbeatMs: 10_000 })], { type: 'StartExecution' })
      .add([{ type: 'StepHeartbeatRecorded', token: '1.2' }], { at: later(9) })
      .add([{ type: 'StepTimedOut', token: '1.2', kind: 'heartbeat' }], { at: later(12) });
    expect(problems(beating.check())).toEqual([
      'attempt 1.2 is ended after 3000 ms of silence, and 10000 ms are allowed',
    ]);
  });

  test('the timer of a lock fires too early shows', () => {
    const lock = { aggregate: 'lock', aggregateId: 'pump' };
    const log = new HandMadeLog()
      .add([{ type: 'LockTimerArmed', timer: '1-0', dueAt: later(60) }], lock)
      .add([{ type: 'LockTimerFired', timer: '1-0' }], { ...lock, at: later(59) });
    expect(violated(log.check())).toEqual(['timers']);
  });

  test('a lock is granted to two at a time shows', () => {
    const lock = { aggregate: 'lock', aggregateId: 'pump' };
    const granted = (execution: string, fencingToken: number): Event => ({
      type: 'LockGranted',
      execution,
      request: '1.0',
      fencingToken,
    });
    const log = new HandMadeLog().add([granted('a', 1)], lock).add([granted('b', 2)], lock);
    expect(problems(log.check())).toEqual(['granted to b/1.0 while a/1.0 holds it']);
  });

  test('two attempts have one lock, which did not go on without the first, shows', () => {
    const lock = { aggregate: 'lock', aggregateId: 'pump' };
    const asks: Event = { type: 'LocksRequested', frame: '0', state: 'Work', assets: ['pump'] };
    const log = new HandMadeLog();
    for (const [n, aggregateId] of ['a', 'b'].entries()) {
      const claim = { execution: aggregateId, request: '1.2' };
      log.add([started, entered, asks], { aggregateId });
      log.add([{ type: 'LockGranted', ...claim, fencingToken: 2 * n + 1 }], lock);
      log.add([{ type: 'LockTaken', request: '1.2', fencingToken: 2 * n + 1 }, scheduled(1, { lockRequest: '1.2' })], {
        aggregateId,
      });
      // The lock says that it was given back, while the attempt goes on.
      log.add([{ type: 'LockReleased', ...claim }], lock);
    }
    expect(problems(log.check())).toEqual(["attempt a/2.1 has the lock of 'pump' too"]);
  });

  test('an open execution waits for nothing shows once all is quiet', () => {
    const log = running().add([{ type: 'StepSucceeded', token: '1.2' }]);
    expect(violated(log.check())).toEqual([]);
    expect(violated(log.check({ quiet: true }))).toEqual(['liveness']);
  });

  test('a continuation is asked for and nobody goes on shows once all is quiet', () => {
    const log = running().add([{ type: 'StepSucceeded', token: '1.2' }, { type: 'ContinuationRequested' }]);
    expect(problems(log.check({ quiet: true }))).toEqual(['it has asked to go on, and nothing does']);
  });
});

describe('what clients were told', () => {
  const told = (more: Partial<Record<'id' | 'executionId', string>>): Acknowledged =>
    more.id === undefined
      ? { kind: 'start', tenant: 'default', executionId: more.executionId ?? 'x' }
      : { kind: 'command', tenant: 'default', aggregate: 'execution', aggregateId: 'x', id: more.id };

  test('is on the log', () => {
    const acknowledged = [told({}), told({ id: 'execution-x-1' })];
    expect(violated(running().check({ acknowledged }))).toEqual([]);
  });

  test('and is not on the log is lost', () => {
    const acknowledged = [told({ executionId: 'gone' }), told({ id: 'gone' })];
    expect(problems(running().check({ acknowledged }))).toEqual(['it is not on the log', 'it is not on the log']);
  });

  test('and stands there twice was doubled', () => {
    const log = running().add([], { type: 'SignalExecution', body: { name: 'go', payload: 'mark-1' } });
    const said: Acknowledged = {
      kind: 'said',
      tenant: 'default',
      aggregate: 'execution',
      aggregateId: 'x',
      type: 'SignalExecution',
      mark: 'mark-1',
    };
    expect(violated(log.check({ acknowledged: [said] }))).toEqual([]);
    log.add([], { type: 'SignalExecution', body: { name: 'go', payload: 'mark-1' } });
    expect(problems(log.check({ acknowledged: [said] }))).toEqual(['it is on the log 2 times']);
  });
});

describe('a change of status', () => {
  const withStatus = (type: string, before: string, after: string): readonly PromiseName[] => {
    const check = new LogCheck();
    const [first] = running().commits;
    if (first) check.take({ ...first, statuses: [{ index: 0, type, before, after }] });
    return violated(check.end().report());
  };

  test('that the lifecycle allows is fine', () => {
    expect(withStatus('ExecutionStarted', 'none', 'running')).toEqual([]);
    expect(withStatus('ExecutionReopened', 'failed', 'running')).toEqual([]);
  });

  test('that it does not allow shows', () => {
    expect(withStatus('ExecutionResumed', 'cancelling', 'running')).toEqual(['transitions']);
    expect(withStatus('StateEntered', 'failed', 'running')).toEqual(['transitions']);
    expect(withStatus('StateEntered', 'none', 'running')).toEqual(['transitions']);
  });
});
