import { jetstreamManager } from '@nats-io/jetstream';
import { logSubject, STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import { appendOne, appendRun, draftFor, newRef } from '../event-log.conformance.ts';
import type { LoggedCommit } from '../event-log.ts';
import { connectNats, type NatsConnection } from './connection.ts';
import { followAggregate } from './follow-aggregate.ts';
import { JetStreamEventLog } from './jetstream-event-log.ts';
import { type FeedRecord, type LogFeed, LogReplacedError, openLogFeed } from './log-feed.ts';
import { createPublisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams } from './streams.ts';

let server: SpecServer;
let nc: NatsConnection;
let log: JetStreamEventLog;

beforeEach(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
  await ensureStreams(nc);
  log = new JetStreamEventLog(nc);
}, 30_000);
afterEach(async () => {
  await nc?.close();
  await server?.stop();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const readUntil = async (feed: LogFeed, count: number): Promise<readonly FeedRecord[]> => {
  const records: FeedRecord[] = [];
  for (let pulls = 0; records.length < count && pulls < 200; pulls += 1)
    records.push(...(await feed.next({ idleMs: 200 })));
  return records;
};

describe('a log feed', () => {
  it('gives every record in order, whatever the batch size, and then waits', async () => {
    const ref = newRef();
    await appendRun(log, ref, 30);
    for (const batchMax of [1, 7, 30, 500]) {
      const feed = await openLogFeed(nc, { name: 'spec', fromSeq: 1, batchMax });
      const records = await readUntil(feed, 30);
      expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
      expect(records[0]?.subject).toBe(logSubject(ref));
      expect(await feed.next({ idleMs: 60 })).toEqual([]);
      await feed.close();
    }
  });

  it('begins where it is told and takes only what its filter names', async () => {
    await appendRun(log, newRef(), 5);
    const from = await openLogFeed(nc, { name: 'spec', fromSeq: 4, batchMax: 10 });
    const none = await openLogFeed(nc, {
      name: 'spec',
      fromSeq: 1,
      batchMax: 10,
      filterSubject: SUBJECT_FILTERS.logOfAggregate('execution'),
    });
    expect((await readUntil(from, 2)).map(({ seq }) => seq)).toEqual([4, 5]);
    expect(await none.next({ idleMs: 60 })).toEqual([]);
  });

  it('what is appended later arrives soon, and an abort ends the wait', async () => {
    const feed = await openLogFeed(nc, { name: 'spec', fromSeq: 1, batchMax: 10 });
    const waiting = feed.next({ idleMs: 10_000 });
    await pause(150);
    await appendRun(log, newRef(), 1);
    expect((await waiting).map(({ seq }) => seq)).toEqual([1]);
    const abort = new AbortController();
    const startedMs = Date.now();
    setTimeout(() => abort.abort(), 100);
    expect(await feed.next({ idleMs: 10_000, signal: abort.signal })).toEqual([]);
    expect(Date.now() - startedMs).toBeLessThan(2_000);
  });

  it('goes on without a gap when its consumer is deleted, and when the server is killed', async () => {
    const ref = newRef();
    const seqs = await appendRun(log, ref, 6);
    const feed = await openLogFeed(nc, { name: 'spec', fromSeq: 1, batchMax: 2 });
    const records = [...(await readUntil(feed, 2))];
    const jsm = await jetstreamManager(nc);
    for await (const consumer of jsm.consumers.list(STREAMS.log))
      await jsm.consumers.delete(STREAMS.log, consumer.name);
    records.push(...(await readUntil(feed, 2)));
    await server.kill();
    await server.restart();
    await appendOne(log, draftFor(ref, 7, seqs[5] ?? 0));
    records.push(...(await readUntil(feed, 3)));
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  }, 40_000);

  it('a log that was made anew, or ends before the checkpoint, is refused and not read', async () => {
    await appendRun(log, newRef(), 3);
    const feed = await openLogFeed(nc, { name: 'spec', fromSeq: 1, batchMax: 10 });
    await readUntil(feed, 3);
    const jsm = await jetstreamManager(nc);
    await jsm.streams.delete(STREAMS.log);
    await ensureStreams(nc);
    await appendRun(log, newRef(), 5);
    await expect(readUntil(feed, 1)).rejects.toBeInstanceOf(LogReplacedError);
    const checkpointed = await openLogFeed(nc, { name: 'spec', fromSeq: 4, batchMax: 10, created: feed.created });
    await expect(checkpointed.next({ idleMs: 100 })).rejects.toBeInstanceOf(LogReplacedError);
    const ahead = await openLogFeed(nc, { name: 'spec', fromSeq: 99, batchMax: 10 });
    await expect(ahead.next({ idleMs: 100 })).rejects.toBeInstanceOf(LogReplacedError);
  });

  it('large records come in bounded pulls, none left out', async () => {
    const ref = newRef();
    let prevSeq = 0;
    for (let version = 1; version <= 8; version += 1) {
      const outcome = await appendOne(log, draftFor(ref, version, prevSeq, 'x'.repeat(3 * 1024 * 1024)));
      prevSeq = outcome.kind === 'appended' ? outcome.seq : -1;
    }
    const feed = await openLogFeed(nc, { name: 'spec', fromSeq: 1, batchMax: 100 });
    const first = await feed.next({ idleMs: 1_000 });
    expect(first.length).toBeLessThan(8);
    const rest = await readUntil(feed, 8 - first.length);
    expect([...first, ...rest].map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('following an aggregate', () => {
  const collect = (ref: ReturnType<typeof newRef>, abort: AbortController, fromSeq?: number) => {
    const commits: LoggedCommit[] = [];
    const run = (async () => {
      for await (const commit of followAggregate(nc, ref, { signal: abort.signal, fromSeq })) commits.push(commit);
    })();
    return { commits, run };
  };
  const until = async (what: () => boolean): Promise<void> => {
    for (let tries = 0; !what() && tries < 1_000; tries += 1) await pause(10);
    if (!what()) throw new Error('did not happen in time');
  };

  it('gives what is there, then what comes, only of this aggregate, until it is aborted', async () => {
    const [ref, other] = [newRef(), newRef()];
    const seqs = await appendRun(log, ref, 2);
    await appendRun(log, other, 2);
    const abort = new AbortController();
    const whole = collect(ref, abort);
    const tail = collect(ref, abort, (seqs[1] ?? 0) + 1);
    await until(() => whole.commits.length === 2);
    await appendOne(log, draftFor(ref, 3, seqs[1] ?? 0));
    await until(() => whole.commits.length === 3 && tail.commits.length === 1);
    abort.abort();
    await Promise.all([whole.run, tail.run]);
    expect(whole.commits.map(({ commit }) => commit.version)).toEqual([1, 2, 3]);
    expect(tail.commits.map(({ commit }) => commit.version)).toEqual([3]);
    const jsm = await jetstreamManager(nc);
    expect((await jsm.streams.info(STREAMS.log)).state.consumer_count).toBe(0);
  });

  it('goes on without a gap when the server is killed', async () => {
    const ref = newRef();
    const seqs = await appendRun(log, ref, 2);
    const abort = new AbortController();
    const { commits, run } = collect(ref, abort);
    await until(() => commits.length === 2);
    await server.kill();
    await server.restart();
    await appendOne(log, draftFor(ref, 3, seqs[1] ?? 0));
    await until(() => commits.length === 3);
    abort.abort();
    await run;
    expect(commits.map(({ commit }) => commit.version)).toEqual([1, 2, 3]);
  }, 40_000);

  it('stops with TL0202 at a damaged record', async () => {
    const ref = newRef();
    await createPublisher(nc).publish(logSubject(ref), '{"v":1}');
    const { run } = collect(ref, new AbortController());
    await expect(run).rejects.toMatchObject({ code: 'TL0202', seq: 1 });
  });
});
