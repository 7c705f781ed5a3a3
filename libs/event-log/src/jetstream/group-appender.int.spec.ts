import { appendOne, draftFor, newRef } from '../event-log.conformance.ts';
import { connectNats, type NatsConnection } from './connection.ts';
import { JetStreamEventLog } from './jetstream-event-log.ts';
import { PublishError } from '../log-server.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams, logPosition } from './streams.ts';

const COUNT = 300;

describe('commits of many aggregates that are appended at once', () => {
  let server: SpecServer;
  let nc: NatsConnection;
  let publisher: Publisher;
  /** Message ids of batches that were committed: a group went out for each. */
  let groups: number;

  beforeAll(async () => {
    server = await startSpecServer();
    nc = await connectNats({ url: server.url, name: 'spec' });
    await ensureStreams(nc, { bytesMax: { TL_LOG: 64 * 1024 * 1024 } });
    publisher = createPublisher(nc);
  }, 30_000);
  afterAll(async () => {
    await nc?.close();
    await server?.stop();
  });
  beforeEach(() => (groups = 0));

  const isGroupEnd = (options: Parameters<Publisher['publish']>[2]): boolean =>
    options?.headers?.['Nats-Batch-Commit'] === '1';
  const counting = (loseGroupAcks: number): Publisher => {
    let left = loseGroupAcks;
    return {
      publish: async (...publish) => {
        const end = isGroupEnd(publish[2]);
        if (end) groups += 1;
        const ack = await publisher.publish(...publish);
        if (end && left-- > 0) throw new PublishError('timeout', 'the ack was lost');
        return ack;
      },
      get pending() {
        return publisher.pending;
      },
      close: () => undefined,
      tell: () => undefined,
    };
  };
  const lastSeq = async (): Promise<number> => (await logPosition(nc)).lastSeq;

  test('go out in few groups, and each outcome names the sequence where its commit is read again', async () => {
    const log = new JetStreamEventLog(nc, { publisher: counting(0) });
    const before = await lastSeq();
    const refs = Array.from({ length: COUNT }, newRef);
    const outcomes = await log.append(refs.map((ref) => draftFor(ref, 1, 0)));
    expect(outcomes.every(({ kind }) => kind === 'appended')).toBe(true);
    expect(groups).toBeGreaterThan(0);
    expect(await lastSeq()).toBe(before + COUNT);
    for (const [index, ref] of refs.entries()) {
      const outcome = outcomes[index];
      const read = await log.read(ref);
      expect(read.kind === 'commits' && read.commits.map(({ seq, commit }) => [seq, commit.id])).toEqual([
        outcome?.kind === 'appended' && [outcome.seq, outcome.commit.id],
      ]);
    }
  });

  test('one lost fence is one conflict: the others of its group are stored, each once', async () => {
    const log = new JetStreamEventLog(nc, { publisher: counting(0) });
    const refs = Array.from({ length: COUNT }, newRef);
    const taken = refs[100];
    if (!taken) throw new Error('too few');
    await appendOne(log, draftFor(taken, 1, 0));
    const before = await lastSeq();
    const outcomes = await log.append(refs.map((ref) => draftFor(ref, 1, 0)));
    expect(groups).toBeGreaterThan(0);
    expect(outcomes.map(({ kind }) => kind)).toEqual(refs.map((ref) => (ref === taken ? 'conflict' : 'appended')));
    expect(await lastSeq()).toBe(before + COUNT - 1);
  });

  test('a group whose ack was lost is found on the log: appended, and there once', async () => {
    const log = new JetStreamEventLog(nc, { publisher: counting(1) });
    const before = await lastSeq();
    const outcomes = await log.append(Array.from({ length: COUNT }, () => draftFor(newRef(), 1, 0)));
    expect(outcomes.every(({ kind }) => kind === 'appended')).toBe(true);
    expect(await lastSeq()).toBe(before + COUNT);
  });

  test('two commits of one aggregate never share a group: the second one is a conflict', async () => {
    const log = new JetStreamEventLog(nc, { publisher: counting(0) });
    const ref = newRef();
    const drafts = [
      draftFor(ref, 1, 0),
      ...Array.from({ length: COUNT }, () => draftFor(newRef(), 1, 0)),
      draftFor(ref, 1, 0),
    ];
    const outcomes = await log.append(drafts);
    expect(outcomes.filter(({ kind }) => kind === 'conflict')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(COUNT + 1);
  });

  test('kill -9 in the middle of groups: every acked commit is there, and what was not acked is there once or not at all', async () => {
    const log = new JetStreamEventLog(nc, { ackTimeoutMs: 500 });
    const refs = Array.from({ length: 3_000 }, newRef);
    const appended = Promise.all(refs.map((ref) => appendOne(log, draftFor(ref, 1, 0))));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await server.kill();
    await server.restart();
    const outcomes = await appended;
    for (const [index, ref] of refs.entries()) {
      if (index % 10 !== 0) continue;
      const read = await log.read(ref);
      const stored = read.kind === 'commits' ? read.commits.length : Number.NaN;
      if (outcomes[index]?.kind === 'appended') expect(stored).toBe(1);
      else expect(stored).toBeLessThanOrEqual(1);
    }
  }, 60_000);
});
