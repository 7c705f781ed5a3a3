import type { JsonObject } from '@throughline/contracts';
import { signatureStateOf } from './approvals.ts';
import { codeOf, type ExecutionUnderTest, givenMachine, typesOf } from './spec/given-when-then.ts';
import { machine, ONE_TASK, task } from './spec/example-machines.ts';

const agree = (rule: JsonObject, more: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: 'tl:approval',
  Throughline: { Approval: rule },
  Next: 'Work',
  ...more,
});
const asked = (rule: JsonObject, more: JsonObject = {}): ExecutionUnderTest => {
  const execution = givenMachine(
    machine({
      Agree: agree(rule, more),
      Work: task(),
      ...('Catch' in more && { Refused: { Type: 'Pass', End: true } }),
    }),
  );
  execution.start({ change: 7 });
  return execution;
};
const signature = (x: string) => ({ jws: 'a..b', publicKey: { kty: 'OKP', crv: 'Ed25519', x: x.repeat(43) } }) as const;
const CAUGHT = {
  Catch: [{ ErrorEquals: ['Throughline.ApprovalRejected', 'Throughline.ApprovalExpired'], Next: 'Refused' }],
};

describe('a state that needs an agreement', () => {
  test('waits for as many people as it says, and has their words as result', () => {
    const execution = asked({ Required: 2, Roles: ['ops'] });
    expect(execution.state.status).toBe('awaiting_approval');
    expect(typesOf(execution.decideApproval('ada', { roles: ['ops'], comment: 'go' }))).toEqual(['ApprovalGiven']);
    const then = execution.decideApproval('ben', { roles: ['ops'] });
    expect(typesOf(then)).toEqual([
      'ApprovalGiven',
      'ApprovalClosed',
      'StepSucceeded',
      'StateExited',
      'StateEntered',
      'StepScheduled',
    ]);
    expect(then.state.status).toBe('running');
    const [approval] = [...then.state.approvals.values()];
    expect(execution.complete(0).state.start?.input).toEqual({ change: 7 });
    expect(approval).toMatchObject({ status: 'approved', decisions: [{ by: 'ada', comment: 'go' }, { by: 'ben' }] });
  });

  test.each([
    ['whoever asked for it', 'spec', { roles: ['ops'] }, 'TL0124'],
    ['whoever lacks the role', 'eve', { roles: ['sales'] }, 'TL0124'],
    ['whoever has seen other content', 'ada', { roles: ['ops'], contentHash: '0'.repeat(64) }, 'TL0123'],
    ['whoever rejects without a word', 'ada', { roles: ['ops'], decision: 'reject' as const }, 'TL0001'],
  ])('does not listen to %s', (_who, by, body, code) => {
    const execution = asked({ Roles: ['ops'] });
    const before = execution.state;
    expect(codeOf(execution.decideApproval(by, body))).toBe(code);
    expect(execution.state).toBe(before);
  });

  test('takes one word of each', () => {
    const execution = asked({ Required: 2 });
    execution.decideApproval('ada');
    expect(codeOf(execution.decideApproval('ada'))).toBe('TL0125');
  });

  test('fails with the reason of whoever rejects, which can be caught', () => {
    const execution = asked({ Required: 2 }, CAUGHT);
    execution.decideApproval('ada');
    const then = execution.decideApproval('ben', { decision: 'reject', comment: 'not on a Friday' });
    expect(then.state.end).toMatchObject({
      output: { Error: 'Throughline.ApprovalRejected', Cause: 'not on a Friday' },
    });
    expect(codeOf(execution.decideApproval('cid'))).toBe('TL0106');
  });

  test('does not wait for ever', () => {
    const execution = asked({ ExpiresSeconds: 60 }, CAUGHT);
    const then = execution.fire();
    expect(typesOf(then).slice(0, 3)).toEqual(['TimerFired', 'ApprovalClosed', 'StepFailed']);
    expect(then.state.end).toMatchObject({ output: { Error: 'Throughline.ApprovalExpired' } });
    expect([...then.state.approvals.values()]).toMatchObject([{ status: 'expired' }]);
  });

  test('asks anew when it is tried again, and the old question is closed', () => {
    const execution = asked({}, { TimeoutSeconds: 10, Retry: [{ ErrorEquals: ['States.Timeout'] }] });
    const [first] = [...execution.state.approvals.keys()];
    execution.fire();
    execution.fire();
    expect([...execution.state.approvals.values()].map(({ status }) => status)).toEqual(['expired', 'pending']);
    expect(codeOf(execution.decideApproval('ada', { approval: first as never }))).toBe('TL0123');
    expect(codeOf(execution.decideApproval('ada', { approval: '99-9' as never }))).toBe('TL0122');
  });

  test('wants different signatures, where it wants any', () => {
    const execution = asked({ Required: 2, Signature: 'required' });
    const signed = (): string => signatureStateOf(execution.state.approvals.values());
    expect(signed()).toBe('pending');
    expect(codeOf(execution.decideApproval('ada'))).toBe('TL0126');
    execution.decideApproval('ada', { signature: signature('A') });
    expect(signed()).toBe('partially_signed');
    expect(codeOf(execution.decideApproval('ben', { signature: signature('A') }))).toBe('TL0125');
    execution.decideApproval('ben', { signature: signature('B') });
    expect(signed()).toBe('signed');
  });

  test('is told of during a pause, and goes on after it', () => {
    const execution = asked({});
    execution.control('PauseExecution');
    expect(execution.decideApproval('ada').state.status).toBe('paused');
    expect(typesOf(execution.control('ResumeExecution'))).toContain('StepScheduled');
  });

  test('is no longer asked for when the execution is cancelled', () => {
    const execution = asked({ Signature: 'required' });
    expect([...execution.cancel(5_000).state.approvals.values()]).toMatchObject([{ status: 'cancelled' }]);
  });
});

describe('an execution that needs an agreement', () => {
  const WHOLE = { ...ONE_TASK, Throughline: { Approval: { Required: 1, ExpiresSeconds: 60 } } };

  test('does nothing before it has it', () => {
    const execution = givenMachine(WHOLE);
    expect(typesOf(execution.start())).toEqual(['ExecutionStarted', 'ApprovalRequested', 'TimerArmed']);
    expect(execution.state.status).toBe('awaiting_approval');
    expect(typesOf(execution.decideApproval('ada'))).toEqual([
      'ApprovalGiven',
      'ApprovalClosed',
      'TimerCancelled',
      'StateEntered',
      'StepScheduled',
    ]);
  });

  test('fails without it, and asks again when it is redriven', () => {
    const execution = givenMachine(WHOLE);
    execution.start();
    expect(execution.fire().state).toMatchObject({ status: 'failed', end: { error: 'Throughline.ApprovalExpired' } });
    expect(execution.control('RedriveExecution').state.status).toBe('awaiting_approval');
    expect(execution.decideApproval('ada').state.status).toBe('running');
  });

  test('that was paused before goes on waiting for it afterwards', () => {
    const execution = givenMachine(WHOLE);
    execution.start();
    execution.control('PauseExecution');
    expect(execution.control('ResumeExecution').state.status).toBe('awaiting_approval');
    execution.control('PauseExecution');
    execution.decideApproval('ada');
    expect(typesOf(execution.control('ResumeExecution'))).toEqual([
      'ExecutionResumed',
      'StateEntered',
      'StepScheduled',
    ]);
  });
});

describe('a signal', () => {
  const WAITING = machine({
    Go: { Type: 'Task', Resource: 'tl:signal:go', ResultPath: '$.said', Next: 'Work' },
    Work: task(),
  });
  const say = (execution: ExecutionUnderTest, name: string, payload: string, id?: string) =>
    execution.when({ type: 'SignalExecution', body: { name, payload } }, id);

  test('ends the state that waits for its name, with its payload as result', () => {
    const execution = givenMachine(WAITING);
    execution.start({ n: 1 });
    expect(execution.state.status).toBe('waiting');
    expect(typesOf(say(execution, 'other', 'x'))).toEqual(['SignalStored']);
    expect(typesOf(say(execution, 'go', 'now'))).toEqual([
      'StepSucceeded',
      'StateExited',
      'StateEntered',
      'StepScheduled',
    ]);
    expect(execution.state.frames.byId.get('0')?.data).toEqual({ n: 1, said: 'now' });
  });

  test('that comes early is kept, and taken once', () => {
    const twice = machine({
      Work: task({ Next: 'One' }),
      One: { Type: 'Task', Resource: 'tl:signal:go', Next: 'Two' },
      Two: { Type: 'Task', Resource: 'tl:signal:go', End: true },
    });
    const execution = givenMachine(twice);
    execution.start();
    say(execution, 'go', 'first', 'same-id');
    expect(say(execution, 'go', 'first', 'same-id').outcomes).toMatchObject([{ kind: 'accepted', duplicate: true }]);
    const then = execution.complete(0);
    expect(typesOf(then).filter((type) => type.startsWith('Signal'))).toEqual(['SignalTaken']);
    expect(then.state).toMatchObject({ status: 'waiting', signals: [] });
    expect(say(execution, 'go', 'second').state.end).toMatchObject({ output: 'second' });
  });

  test('is refused when too many wait', () => {
    const execution = givenMachine(ONE_TASK, { limits: { storedSignalsMax: 1 } });
    execution.start();
    say(execution, 'a', '');
    expect(codeOf(say(execution, 'a', ''))).toBe('TL0127');
  });

  test('of the name cancel cancels', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    expect(say(execution, 'cancel', '').state.status).toBe('cancelling');
  });
});
