import { parseCommit } from '../commit.ts';

const recorded = () => ({
  v: 1,
  id: 'c-1',
  tenant: 'default',
  aggregateId: 'session-1',
  version: 1,
  prevSeq: 0,
  rules: 1,
  correlationId: 'order-1',
  aggregate: 'replay',
  commands: [
    {
      id: 'cmd-1',
      at: '2026-01-31T12:00:00.000Z',
      actor: { kind: 'user', id: 'ann' },
      seed: '0'.repeat(32),
      events: 1,
      type: 'RecordReplay',
      body: {
        executionId: 'order-1',
        mode: 'full',
        result: { verdict: 'divergent', commits: 1, events: 2, matchPercent: 50 },
      },
    },
  ],
  events: [{ type: 'ReplayCompleted' }],
  digest: 'a'.repeat(64),
});

describe('a replay commit of version 1', () => {
  it('is read as one of version 2, beside what was written', () => {
    const stored = recorded();
    const parsed = parseCommit(stored);
    expect(parsed).toMatchObject({
      kind: 'commit',
      asWritten: recorded(),
      commit: {
        v: 2,
        digest: stored.digest,
        commands: [
          {
            body: {
              request: { scope: 'execution', executionId: 'order-1', kind: 'verify', mode: 'full' },
              result: { verdict: 'divergent', commits: 1, events: 2, matchPercent: 50 },
            },
          },
        ],
        events: [{ type: 'ReplayCompleted', verdict: 'divergent' }],
      },
    });
    expect(stored).toEqual(recorded());
  });

  it.each<[string, (given: ReturnType<typeof recorded>) => object]>([
    [
      'with a body of version 2',
      (given) => ({ ...given, commands: [{ ...given.commands[0], body: { request: {} } }] }),
    ],
    ['with an event that came later', (given) => ({ ...given, events: [{ type: 'ReplayRequested' }] })],
    [
      'with a mode that came later',
      (given) => {
        const [command] = given.commands;
        return { ...given, commands: [{ ...command, body: { ...command?.body, mode: 'from_step' } }] };
      },
    ],
  ])('%s is malformed', (_what, alter) => {
    expect(parseCommit(alter(recorded()))).toMatchObject({ kind: 'malformed' });
  });

  it.each([0, 3, '1', null])('is told apart from one of version %j', (v) => {
    expect(parseCommit({ ...recorded(), v })).toEqual({ kind: 'unknown-version', version: v });
  });
});
