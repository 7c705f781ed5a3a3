import type { Commit, Json } from '@throughline/contracts';
import { LogCheck } from './log-check.ts';
import { type Queued, stillDue } from './still-due.ts';

const AT = '2026-01-31T12:00:00.000Z';
const NOW_MS = Date.parse(AT) + 60_000;
type Event = { readonly type: string; readonly [field: string]: unknown };

const started: Event = { type: 'ExecutionStarted', workflow: { name: 'w', version: 1 } };
const scheduled = (awaits?: string): Event => ({
  type: 'StepScheduled',
  frame: '0',
  state: 'Work',
  visit: 1,
  attempt: 1,
  ...(awaits === undefined ? {} : { awaits }),
});
const armed = (dueAt: string): Event => ({ type: 'TimerArmed', timer: '1-1', purpose: 'wait', frame: '0', dueAt });

class Histories {
  readonly check = new LogCheck();
  private seq = 0;

  add(id: string, events: readonly Event[], body: Json = {}, aggregate = 'execution'): this {
    const book = this.check.books.of({ tenant: 'default', aggregate: 'execution', aggregateId: id } as never);
    this.seq += 1;
    const type = aggregate === 'lock' ? 'AcquireLock' : 'StartExecution';
    const command = { id: `c${this.seq}`, type, at: AT, body, events: events.length };
    const place = { tenant: 'default', aggregate, aggregateId: id, version: book.version + 1, prevSeq: book.lastSeq };
    // What is looked at of a commit, and nothing else.
    this.check.take({ commit: { ...place, commands: [command], events } as unknown as Commit, seq: this.seq });
    return this;
  }

  due({ tasks = [], timers = [] }: { tasks?: readonly string[]; timers?: readonly string[] } = {}): readonly string[] {
    const queued: Queued = { tasks: new Set(tasks), timers: new Set(timers) };
    return stillDue(this.check, queued, NOW_MS).map(({ problem }) => problem);
  }
}

describe('what is still due of an execution', () => {
  test('nothing, where its task is in a queue', () => {
    const histories = new Histories().add('x', [started, scheduled()]);
    expect(histories.due({ tasks: ['default/x/1.1'] })).toEqual([]);
  });

  test('its task, where that is in no queue', () => {
    expect(new Histories().add('x', [started, scheduled()]).due()).toEqual(["the task of 'Work' (1.1) is in no queue"]);
  });

  test('nothing, where a worker has handed the work on and a callback is awaited', () => {
    const histories = new Histories().add('x', [
      started,
      scheduled('callback'),
      { type: 'StepSubmitted', token: '1.1' },
    ]);
    expect(histories.due()).toEqual([]);
  });

  test('nothing, where people are asked', () => {
    expect(new Histories().add('x', [started, scheduled('approval')]).due()).toEqual([]);
  });

  test('its timer, where that is armed nowhere or its time is over', () => {
    const later = '2026-01-31T13:00:00.000Z';
    expect(new Histories().add('x', [started, armed(later)]).due()).toEqual(['its wait timer 1-1 is armed nowhere']);
    expect(new Histories().add('x', [started, armed(later)]).due({ timers: ['default/execution/x/1-1'] })).toEqual([]);
    expect(new Histories().add('x', [started, armed(AT)]).due()).toEqual([`its wait timer 1-1 was due at ${AT}`]);
  });

  test('no timer during a pause', () => {
    expect(new Histories().add('x', [started, armed(AT), { type: 'ExecutionPaused' }]).due()).toEqual([]);
  });

  test('everything, where it waits for nothing', () => {
    expect(new Histories().add('x', [started]).due()).toEqual(['it is open, and waits for nothing that can be named']);
  });

  test('its child, until that has begun, and its report, once that has ended', () => {
    const parent = new Histories().add('x', [started, scheduled('child')]);
    expect(parent.due()).toEqual(["the child of 'Work' (1.1) has not begun"]);
    const body = { parentExecutionId: 'x', parentAttempt: { token: '1.1', awaits: 'end' } };
    parent.add('y', [started, armed('2026-01-31T13:00:00.000Z')], body);
    const timers = ['default/execution/y/1-1'];
    expect(parent.due({ timers })).toEqual([]);
    parent.add('y', [{ type: 'TimerFired', timer: '1-1' }, { type: 'ExecutionSucceeded' }]);
    expect(parent.due({ timers })).toEqual(["the child of 'Work' (1.1) has ended, and it does not know"]);
  });

  test('its place in the queue of a lock', () => {
    const asks: Event = { type: 'LocksRequested', frame: '0', state: 'Work', assets: ['pump'] };
    const histories = new Histories().add('x', [started, asks]);
    expect(histories.due()).toEqual(["the lock of 'pump' does not know that 'Work' waits for it"]);
    histories.add('pump', [{ type: 'LockRequested' }], { execution: 'x', request: '1.1' }, 'lock');
    expect(histories.due()).toEqual([]);
  });

  test('the continuation that it has asked for', () => {
    const histories = new Histories().add('x', [started, scheduled(), { type: 'ContinuationRequested' }]);
    expect(histories.due({ tasks: ['default/x/1.1'] })).toEqual(['it has asked to go on, and nothing does']);
  });

  test('the attempt at handing its result over', () => {
    const delivery: Event = { type: 'DeliveryScheduled', idempotencyKey: 'k' };
    const histories = new Histories().add('x', [started, { type: 'ExecutionFailed' }, delivery]);
    expect(histories.due()).toEqual(['the attempt at delivery 1.2 is in no queue']);
    expect(histories.due({ tasks: ['default/x/1.2'] })).toEqual([]);
  });
});

describe('what is still due of a lock', () => {
  test('its timer', () => {
    const histories = new Histories().add('pump', [{ type: 'LockTimerArmed', timer: '1-0', dueAt: AT }], {}, 'lock');
    expect(histories.due()).toEqual([`its timer 1-0 was due at ${AT}`]);
  });
});
