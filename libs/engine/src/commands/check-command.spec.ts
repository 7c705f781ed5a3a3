import { DEFAULT_POLICIES } from '@throughline/execution';
import { checkCommand } from './check-command.ts';
import { fireTimerOf } from './fire-timer.ts';

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const cancel = {
  v: 1,
  id: 'c-1',
  actor: { kind: 'user', id: 'ann' },
  type: 'CancelExecution',
  body: {},
  replyTo: '_INBOX.abc.1',
};
const message = (subject: string, body: unknown) => ({ subject, bytes: bytes(body), storedAtMs: 1_700_000_000_000 });

describe('what can be said of a command before its aggregate is looked at', () => {
  test('a well-formed command carries its address and the broker’s time', () => {
    const checked = checkCommand(message('tl.cmd.0.client.default.execution.e-1', cancel));
    expect(checked).toMatchObject({
      kind: 'command',
      received: {
        ref: { tenant: 'default', aggregate: 'execution', aggregateId: 'e-1' },
        at: '2023-11-14T22:13:20.000Z',
      },
    });
  });

  test.each([
    ['text that is not JSON', 'tl.cmd.0.client.default.execution.e-1', '{', 'TL0001'],
    ['an unknown command', 'tl.cmd.0.client.default.execution.e-1', { ...cancel, type: 'Explode' }, 'TL0001'],
    ['an unknown field', 'tl.cmd.0.client.default.execution.e-1', { ...cancel, extra: 1 }, 'TL0001'],
    [
      'a reply subject that is no inbox',
      'tl.cmd.0.client.default.execution.e-1',
      { ...cancel, replyTo: 'tl.log.x' },
      'TL0001',
    ],
    ['a command of another aggregate', 'tl.cmd.0.client.default.workflow.w', cancel, 'TL0001'],
    ['an origin that may not send it', 'tl.cmd.0.worker.default.execution.e-1', cancel, 'TL0110'],
    ['a subject that addresses nothing', 'tl.cmd.0.client.default', cancel, 'TL0006'],
  ])('%s is refused with its code', (_what, subject, body, code) => {
    expect(checkCommand(message(subject, body))).toMatchObject({ kind: 'refused', code });
  });

  test.each(['client', 'worker'])('%s cannot say which attempt an execution belongs to', (origin) => {
    const parentAttempt = { token: '1.2', awaits: 'end' };
    const body = { workflow: 'w', input: 1, trigger: 'child', parentExecutionId: 'p', generation: 1, parentAttempt };
    const start = { ...cancel, type: 'StartExecution', body };
    const checked = (by: string) => checkCommand(message(`tl.cmd.0.${by}.default.execution.e-1`, start));
    expect(checked(origin)).toMatchObject({ kind: 'refused', code: 'TL0110' });
    expect(checked('system')).toMatchObject({ kind: 'command' });
  });

  test('a client does not bring the timeouts along that it is to be held to', () => {
    const policy = DEFAULT_POLICIES.batch.change;
    const start = { ...cancel, type: 'StartExecution', body: { workflow: 'w', input: 1, trigger: 'manual', policy } };
    expect(checkCommand(message('tl.cmd.0.client.default.execution.e-1', start))).toMatchObject({
      kind: 'refused',
      code: 'TL0110',
    });
  });

  test('a sender with a proper inbox hears even of a body that does not parse', () => {
    const checked = checkCommand(
      message('tl.cmd.0.client.default.execution.e-1', { replyTo: '_INBOX.abc.1', junk: true }),
    );
    expect(checked).toMatchObject({ kind: 'refused', replyTo: '_INBOX.abc.1' });
  });
});

describe('due timers', () => {
  const due = { v: 1, timer: 't-1', dueAt: '2026-01-01T00:00:00.000Z', correlationId: 'c' };

  test('a due timer becomes a FireTimer of its execution, with an id that a redelivery repeats', () => {
    const received = fireTimerOf(message('tl.due.default.execution.e-1.t-1', due));
    expect(received).toMatchObject({
      ref: { aggregateId: 'e-1' },
      command: { type: 'FireTimer', id: 'fire-t-1', body: { timer: 't-1' } },
    });
  });

  test("a schedule's is told to the schedule", () => {
    const received = fireTimerOf(message('tl.due.default.schedule.nightly.t-1', due));
    expect(received).toMatchObject({ ref: { aggregate: 'schedule' }, command: { type: 'FireSchedule' } });
  });

  test.each([
    ['another timer in the body', 'tl.due.default.execution.e-1.t-2', due],
    ['another aggregate', 'tl.due.default.workflow.w.t-1', due],
    ['no body', 'tl.due.default.execution.e-1.t-1', 'x'],
  ])('%s is no timer', (_what, subject, body) => {
    expect(fireTimerOf(message(subject, body))).toBeUndefined();
  });
});
