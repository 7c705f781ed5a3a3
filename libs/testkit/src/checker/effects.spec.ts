import type { Commit } from '@throughline/contracts';
import { checkCommits } from './check-commits.ts';
import type { DoneEffect } from './effects.ts';

const AT = '2026-01-31T12:00:00.000Z';
const LATER = '2026-01-31T12:00:01.000Z';
const EARLIER = '2026-01-31T11:59:59.000Z';

/** One execution whose two steps have ended well. */
const LOG = [
  {
    seq: 1,
    // What is looked at of a commit, and nothing else.
    commit: {
      tenant: 'default',
      aggregate: 'execution',
      aggregateId: 'x',
      version: 1,
      prevSeq: 0,
      commands: [{ id: 'c', type: 'StartExecution', at: AT, body: {}, events: 7 }],
      events: [
        { type: 'ExecutionStarted', workflow: { name: 'w', version: 1 } },
        ...['charge', 'ship'].flatMap((handler, i) => [
          { type: 'StateEntered', frame: '0', state: handler },
          {
            type: 'StepScheduled',
            frame: '0',
            state: handler,
            visit: 1,
            attempt: 1,
            resource: 'tl:task:q:h',
            handler,
            idempotencyKey: `key-${handler}`,
          },
          { type: 'StepSucceeded', token: `1.${2 + 3 * i}` },
        ]),
      ],
    } as unknown as Commit,
  },
];

const problems = (done: readonly DoneEffect[], noted = ['charge']): readonly string[] =>
  checkCommits(LOG, { effects: { done, isNoted: ({ handler }) => noted.includes(handler) } }).promises.flatMap(
    ({ named }) => named.map(({ problem }) => problem),
  );
const charged: DoneEffect = { idempotencyKey: 'key-charge', startedAt: AT };

describe("a sink's ledger", () => {
  test('that has what the log has asked for is right, however often', () => {
    expect(problems([charged])).toEqual([]);
    expect(problems([charged, { ...charged, startedAt: LATER }])).toEqual([]);
  });

  test('that has what nobody asked for is wrong', () => {
    expect(problems([charged, { idempotencyKey: 'other', startedAt: AT }])).toEqual([
      'nothing on the log has asked for it',
    ]);
  });

  test('that has something before it was asked for is wrong', () => {
    expect(problems([{ ...charged, startedAt: EARLIER }])).toEqual([
      `it was done at ${EARLIER}, before it was asked for`,
    ]);
  });

  test('that lacks what has succeeded is wrong', () => {
    expect(problems([charged], ['charge', 'ship'])).toEqual(['it succeeded, and nobody has done it']);
  });

  test('that shows an asset taking a lower token after a higher one is wrong', () => {
    const first: DoneEffect = { ...charged, fencingTokens: { pump: 4 } };
    const second: DoneEffect = { idempotencyKey: 'key-ship', startedAt: LATER, fencingTokens: { pump: 3 } };
    expect(problems([second, first])).toEqual(["'pump' took token 3 after 4"]);
    expect(problems([first, { ...second, fencingTokens: { pump: 5 } }])).toEqual([]);
  });
});
