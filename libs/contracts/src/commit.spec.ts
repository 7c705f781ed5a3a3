import { type CommitDraft, COMMIT_VERSIONS, parseCommit, problemOfEvents } from './commit.ts';

const commit = () => ({
  v: 1,
  id: 'c-1',
  tenant: 'default',
  aggregate: 'execution',
  aggregateId: 'e1',
  version: 1,
  prevSeq: 0,
  rules: 1,
  correlationId: 'e1',
  commands: [
    {
      id: 'cmd-1',
      type: 'CancelExecution',
      at: '2026-01-31T12:00:00.000Z',
      actor: { kind: 'user', id: 'ann' },
      seed: '0'.repeat(32),
      body: { reason: 'no longer needed' },
      events: 1,
    },
  ],
  events: [{ type: 'ExecutionCancelled' }],
  digest: 'a'.repeat(64),
});

describe('the events of a commit to be', () => {
  // The cast: a literal has no brands.
  const draft = (events: unknown) => ({ ...commit(), events }) as unknown as CommitDraft;

  it('are told where a reader of the log would refuse them', () => {
    expect(problemOfEvents(draft([{ type: 'ExecutionCancelled' }]))).toBeUndefined();
    expect(problemOfEvents(draft([{ type: 'ExecutionVanished' }]))).toContain('type');
    expect(problemOfEvents(draft([{ type: 'ExecutionFailed', error: 7 }]))).toContain('error');
  });
});

describe('a commit off the log', () => {
  it('parses to itself', () => {
    expect(parseCommit(commit())).toEqual({ kind: 'commit', commit: commit() });
  });

  it.each([2, 0, '1', null, undefined])('of version %j is told apart from a damaged one', (v) => {
    expect(parseCommit({ ...commit(), v })).toEqual({ kind: 'unknown-version', version: v });
    expect(v).not.toBe(COMMIT_VERSIONS.execution);
  });

  it.each([null, 7, 'text', undefined])('that is %j is malformed, not a throw', (json) => {
    expect(parseCommit(json)).toMatchObject({ kind: 'malformed' });
  });

  it.each<[string, (given: ReturnType<typeof commit>) => object]>([
    ['a field that nobody knows', (given) => ({ ...given, extra: true })],
    ['no commands', (given) => ({ ...given, commands: [] })],
    ["another aggregate's events", (given) => ({ ...given, aggregate: 'workflow' })],
    ['an aggregate that is not decided', (given) => ({ ...given, aggregate: 'lock' })],
    ['an event of an unknown kind', (given) => ({ ...given, events: [{ type: 'ExecutionForgotten' }] })],
    ['a wildcard in its id', (given) => ({ ...given, aggregateId: '*' })],
    ['a version below one', (given) => ({ ...given, version: 0 })],
    ['no digest', ({ digest: _, ...given }) => given],
    [
      'a time without a zone',
      (given) => ({ ...given, commands: [{ ...given.commands[0], at: '2026-01-31T12:00:00' }] }),
    ],
  ])('with %s is malformed', (_, alter) => {
    expect(parseCommit(alter(commit()))).toMatchObject({ kind: 'malformed' });
  });

  it('says where it is wrong', () => {
    const parsed = parseCommit({ ...commit(), prevSeq: -1 });
    expect(parsed).toMatchObject({ kind: 'malformed', problem: expect.stringContaining('prevSeq') as unknown });
  });
});
