import {
  aggregateIdSchema,
  type CommandId,
  executionIdSchema,
  type Instant,
  instantSchema,
  type ReplayCommand,
  type ReplayRequest,
  type ReplayResult,
  tenantSchema,
} from '@throughline/contracts';
import { replayDecider } from '../deciders.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decideRound, type RoundOutcome } from '../round.ts';
import type { ReplayState } from './replay-state.ts';

const identical: ReplayResult = { verdict: 'identical', commits: 2, events: 9, matchPercent: 100 };
const REQUEST: ReplayRequest = {
  scope: 'execution',
  executionId: executionIdSchema.parse('exec-1'),
  kind: 'verify',
  mode: 'full',
};
const secondsIn = (seconds: number): Instant =>
  instantSchema.parse(new Date(Date.UTC(2026, 0, 31, 12, 0, seconds)).toISOString());

/** A session, told one command after the other. */
class SessionUnderTest {
  state: ReplayState = replayDecider.initial({
    tenant: tenantSchema.parse('default'),
    aggregate: 'replay',
    aggregateId: aggregateIdSchema.parse('session-1'),
  });
  private sent = 0;

  tell(command: ReplayCommand, at = secondsIn(0)): RoundOutcome | undefined {
    this.sent += 1;
    const id = `c-${this.sent}` as CommandId;
    const round = decideRound(
      replayDecider,
      this.state,
      [{ at, command: { ...command, id, actor: { kind: 'service', id: 'replay-service' } } }],
      { commitId: 'commit' as CommandId, limits: DEFAULT_LIMITS, machineOf: () => undefined },
    );
    this.state = round.state;
    return round.outcomes[0];
  }

  request = (body: ReplayRequest = REQUEST) => this.tell({ type: 'RequestReplay', body });
  begin = (runner: string, at?: Instant) => this.tell({ type: 'BeginReplay', body: { runner } }, at);
  renew = (runner: string, at?: Instant) =>
    this.tell({ type: 'RenewReplay', body: { runner, progress: { commits: 1, of: 2 } } }, at);
  complete = (runner: string) => this.tell({ type: 'CompleteReplay', body: { runner, result: identical } });
}

const refusedWith = (code: string): object => ({ kind: 'refused', refusal: { code } });

describe('a replay session', () => {
  let session: SessionUnderTest;
  beforeEach(() => {
    session = new SessionUnderTest();
  });

  test('is pending, then running, then completed with its result', () => {
    session.request();
    expect(session.state.session).toMatchObject({ status: 'pending', request: REQUEST, attempts: 0 });
    expect(session.state.correlationId).toBe('exec-1');
    session.begin('one', secondsIn(1));
    expect(session.state.session).toMatchObject({ status: 'running', runner: 'one', attempts: 1 });
    session.renew('one', secondsIn(2));
    expect(session.state.session).toMatchObject({ renewedAt: secondsIn(2), progress: { commits: 1, of: 2 } });
    session.complete('one');
    expect(session.state.session).toMatchObject({ status: 'completed', startedAt: secondsIn(1), result: identical });
  });

  test('that fails says with what', () => {
    session.request();
    session.begin('one');
    session.tell({ type: 'FailReplay', body: { runner: 'one', code: 'TL0008', message: 'no log' } });
    expect(session.state.session).toMatchObject({ status: 'failed', error: { code: 'TL0008', message: 'no log' } });
  });

  test('is asked for once: the same request again is a duplicate, another one is refused', () => {
    session.request();
    expect(session.request()).toMatchObject({ kind: 'accepted', duplicate: true });
    expect(session.request({ ...REQUEST, mode: 'failed_only' })).toMatchObject(refusedWith('TL0104'));
  });

  test.each<[string, Partial<Extract<ReplayRequest, { scope: 'execution' }>>]>([
    ['from_step without a step', { mode: 'from_step' }],
    ['a step without from_step', { fromStep: { state: 'Pay' } }],
    ['a live verification', { live: true }],
  ])('cannot be asked for with %s', (_what, part) => {
    expect(session.request({ ...REQUEST, ...part })).toMatchObject(refusedWith('TL0403'));
    expect(session.state.version).toBe(0);
  });

  test('is worked on by one process: the word of another does not count', () => {
    session.request();
    session.begin('one', secondsIn(0));
    expect(session.begin('one')).toEqual({ kind: 'ignored' });
    expect(session.begin('two', secondsIn(19))).toMatchObject(refusedWith('TL0404'));
    expect(session.renew('two')).toMatchObject(refusedWith('TL0404'));
    expect(session.complete('two')).toMatchObject(refusedWith('TL0404'));
  });

  test('is taken up by another process once its own is silent, and what that one still says does not count', () => {
    session.request();
    session.begin('one', secondsIn(0));
    session.renew('one', secondsIn(15));
    expect(session.begin('two', secondsIn(34))).toMatchObject(refusedWith('TL0404'));
    session.begin('two', secondsIn(35));
    expect(session.state.session).toMatchObject({ runner: 'two', attempts: 2, startedAt: secondsIn(0) });
    expect(session.complete('one')).toMatchObject(refusedWith('TL0404'));
    expect(session.complete('two')).toMatchObject({ kind: 'accepted' });
  });

  test('has failed when the third process that took it up went silent', () => {
    session.request();
    for (const [i, runner] of ['one', 'two', 'three', 'four'].entries()) session.begin(runner, secondsIn(i * 20));
    expect(session.state.session).toMatchObject({ status: 'failed', attempts: 3, error: { code: 'TL0406' } });
  });

  test('that has ended, or that nobody asked for, takes no more', () => {
    expect(session.begin('one')).toMatchObject(refusedWith('TL0404'));
    session.request();
    session.begin('one');
    session.complete('one');
    expect(session.begin('two', secondsIn(60))).toMatchObject(refusedWith('TL0404'));
    expect(session.complete('one')).toMatchObject(refusedWith('TL0404'));
  });
});

describe('a session in one commit, as they were before', () => {
  const record = (result: ReplayResult): ReplayCommand => ({
    type: 'RecordReplay',
    body: { request: REQUEST, result },
  });

  test('is completed at once, correlated with its execution', () => {
    const session = new SessionUnderTest();
    session.tell(record(identical));
    expect(session.state.session).toMatchObject({ status: 'completed', request: REQUEST, result: identical });
    expect(session.state.correlationId).toBe('exec-1');
  });

  test('the same verdict again is a duplicate, another one is refused', () => {
    const session = new SessionUnderTest();
    session.tell(record(identical));
    expect(session.tell(record(identical))).toMatchObject({ kind: 'accepted', duplicate: true });
    expect(session.tell(record({ ...identical, events: 8 }))).toMatchObject(refusedWith('TL0104'));
  });
});
