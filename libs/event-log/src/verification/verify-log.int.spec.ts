import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CommitDraft, executionRef, type Json, logSubject, tenantSchema } from '@throughline/contracts';
import type { CommitAt } from '@throughline/execution';
import { LogAuthor, useServers } from '@throughline/testkit';
import { encodeCommit } from '../commit-encoding.ts';
import type { LoggedCommit } from '../event-log.ts';
import {
  connectNats,
  createPublisher,
  ensureStreams,
  JetStreamEventLog,
  type NatsConnection,
} from '../jetstream/index.ts';
import { replayLine } from './log-verification.ts';
import { verifyLog } from './verify-log.ts';

const servers = useServers({ postgres: false });

const DEFINITION = {
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: 'tl:task:default:work', End: true } },
};

const GOLDEN = new URL('../../../history/golden/1/decided-in-one-round.json', import.meta.url);

describe('verifying a whole log', () => {
  let nc: NatsConnection;
  let log: JetStreamEventLog;
  let author: LogAuthor;
  let last: LoggedCommit;

  /** A history whose commits hold several commands, at its place on this log. */
  const appendGolden = async (): Promise<number> => {
    // Our own file.
    const golden = JSON.parse(readFileSync(GOLDEN, 'utf8')) as { definition: Json; log: readonly CommitAt[] };
    await author.register('example', golden.definition);
    let prevSeq = 0;
    for (const { commit } of golden.log) {
      const { digest: _digest, ...draft } = commit;
      // The parts are those of one commit.
      const [outcome] = await log.append([{ ...draft, prevSeq } as CommitDraft]);
      if (outcome?.kind !== 'appended') throw new Error('not appended');
      prevSeq = outcome.seq;
    }
    return golden.log.length;
  };
  const all = (options: Partial<Parameters<typeof verifyLog>[1]> = {}) => verifyLog(nc, { name: 'spec', ...options });

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    log = new JetStreamEventLog(nc);
    author = new LogAuthor(log);
    await author.register('order', DEFINITION);
    await appendGolden();
    for (const id of ['a', 'b', 'c']) await author.start('order', id);
    for (const id of ['c', 'a']) await author.complete(id, { ok: true });
    const globex = new LogAuthor(log, 'globex');
    await globex.register('order', DEFINITION);
    last = await globex.start('order', 'a');
  }, 120_000);
  afterAll(async () => {
    log.close();
    await nc.close();
  });

  it('finds every aggregate identical and counts them, merged commits too', async () => {
    const result = await all();
    expect(result).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    expect(result.log).toMatchObject({
      toSeq: last.seq,
      unreadable: 0,
      divergent: [],
      aggregates: { execution: { total: 5, identical: 5 }, workflow: { total: 3, identical: 3, commits: 3 } },
    });
    expect(result.log?.mergedCommits).toBeGreaterThan(0);
    expect(result.commits).toBe(last.seq);
    expect(replayLine(result)).toBe(
      `replayed 5 executions, ${last.seq} commits (${result.log?.mergedCommits ?? 0} merged): 100 %`,
    );
  });

  it('comes to the same with one state in memory as with all of them', async () => {
    expect(await all({ statesMax: 1 })).toEqual(await all());
  });

  it('looks at one tenant alone where it is told to', async () => {
    const { log: found } = await all({ tenant: tenantSchema.parse('globex') });
    expect(found?.aggregates).toEqual({
      execution: { total: 1, identical: 1, commits: 1 },
      workflow: { total: 1, identical: 1, commits: 1 },
    });
  });

  it('since a time decides only later commits again, on what came before them', async () => {
    const ended = await author.complete('b', { ok: true });
    const read = await log.read(executionRef(author.tenant, 'b'));
    const storedAt = read.kind === 'commits' ? read.commits.at(-1)?.storedAt : undefined;
    const result = await all({ since: storedAt ?? '' });
    expect(result).toMatchObject({ verdict: 'identical', commits: 1, log: { fromSeq: ended.seq, toSeq: ended.seq } });
    expect((await all({ since: '2999-01-01T00:00:00.000Z' })).commits).toBe(0);
  });

  it('names what does not follow from its commands, and what cannot be read', async () => {
    const publisher = createPublisher(nc, { maxInFlight: 1 });
    const first = await author.start('order', 'forged');
    const { digest: _digest, ...draft } = first.commit;
    const [command] = draft.commands;
    const forged = {
      ...draft,
      id: randomUUID(),
      version: 2,
      prevSeq: first.seq,
      commands: [{ ...command, id: 'forger', type: 'CancelExecution', body: {}, events: 1 }],
      events: [{ type: 'ExecutionSucceeded' }],
    };
    // Its parts are those of an execution's commit.
    const { bytes } = encodeCommit(forged as unknown as CommitDraft);
    const { seq } = await publisher.publish(logSubject(first.commit), bytes);
    const damaged = await publisher.publish(logSubject(executionRef(author.tenant, 'damaged')), Buffer.from('{"v":1'));
    const result = await all();
    expect(result.verdict).toBe('divergent');
    expect(result.matchPercent).toBeLessThan(100);
    expect(result.log).toMatchObject({
      unreadable: 1,
      aggregates: { execution: { total: 6 } },
      divergent: [
        { aggregate: 'execution', id: 'forged', seq, firstDivergence: { commit: 2 } },
        { aggregate: 'execution', id: 'damaged', seq: damaged.seq, problem: expect.stringContaining('TL0202') },
      ],
    });
    expect(replayLine(result)).not.toContain(' 100 %');
  });
});
