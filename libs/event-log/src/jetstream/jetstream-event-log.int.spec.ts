import { logSubject } from '@throughline/contracts';
import { encodeCommit } from '../commit-encoding.ts';
import { appendOne, appendRun, draftFor, eventLogConformance, newRef } from '../event-log.conformance.ts';
import { connectNats, type NatsConnection } from './connection.ts';
import { JetStreamEventLog } from './jetstream-event-log.ts';
import { PublishError } from '../log-server.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams } from './streams.ts';

let server: SpecServer;
let nc: NatsConnection;
let log: JetStreamEventLog;
let publisher: Publisher;

beforeAll(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
  await ensureStreams(nc, { bytesMax: { TL_LOG: 64 * 1024 * 1024 } });
  log = new JetStreamEventLog(nc);
  publisher = createPublisher(nc);
}, 30_000);
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

/** A publisher whose acks get lost: `before` the message is sent at all, or `after` it was stored. */
const losing = (when: 'before' | 'after', losses: number): Publisher => {
  let left = losses;
  return {
    publish: async (...publish) => {
      if (left-- <= 0) return publisher.publish(...publish);
      // An error answer is lost like a good one.
      if (when === 'after') await publisher.publish(...publish).catch(() => undefined);
      throw new PublishError('timeout', 'the ack was lost');
    },
    get pending() {
      return 0;
    },
    tell: () => undefined,
    close: () => undefined,
  };
};

describe('the JetStream log', () => {
  eventLogConformance(() => ({
    log,
    plant: async (ref, bytes) => (await publisher.publish(logSubject(ref), bytes)).seq,
  }));

  it('reads many pages as one run, checked for gaps', async () => {
    const ref = newRef();
    await appendRun(log, ref, 25);
    for (const pageCommits of [1, 2, 7, 24, 25, 100]) {
      const paged = new JetStreamEventLog(nc, { pageCommits });
      const read = await paged.read(ref);
      expect(read.kind === 'commits' && read.commits.map(({ commit }) => commit.version)).toEqual(
        Array.from({ length: 25 }, (_, index) => index + 1),
      );
      paged.close();
    }
  });

  it('a lost ack is resolved by the commit id: appended, and there once', async () => {
    const ref = newRef();
    const lossy = new JetStreamEventLog(nc, { publisher: losing('after', 1) });
    const outcome = await appendOne(lossy, draftFor(ref, 1, 0));
    const read = await log.read(ref);
    expect(outcome.kind).toBe('appended');
    expect(read.kind === 'commits' && read.commits.map(({ seq }) => seq)).toEqual([
      outcome.kind === 'appended' && outcome.seq,
    ]);
  });

  it('an append that was lost on its way is sent again', async () => {
    const ref = newRef();
    const lossy = new JetStreamEventLog(nc, { publisher: losing('before', 2) });
    expect(await appendOne(lossy, draftFor(ref, 1, 0))).toMatchObject({ kind: 'appended' });
    expect(await log.read(ref)).toMatchObject({ kind: 'commits', commits: [{ commit: { version: 1 } }] });
  });

  it("a lost refusal is resolved by the commit id: somebody else's commit is a conflict", async () => {
    const ref = newRef();
    await appendRun(log, ref, 1);
    const lossy = new JetStreamEventLog(nc, { publisher: losing('after', 1) });
    expect(await appendOne(lossy, draftFor(ref, 1, 0))).toEqual({ kind: 'conflict' });
  });

  it('without any ack the outcome is unavailable, never a guess', async () => {
    const lossy = new JetStreamEventLog(nc, { publisher: losing('before', 100), triesMax: 2 });
    expect(await appendOne(lossy, draftFor(newRef(), 1, 0))).toMatchObject({ kind: 'unavailable' });
  });

  it('an ack suppressed by a severed inbox is resolved over the log', async () => {
    const other = await connectNats({ url: server.url, name: 'severed' });
    const real = createPublisher(other, { timeoutMs: 300 });
    // The publish goes out with a reply subject that nobody listens to: stored, and its ack thrown away by the server.
    let publishes = 0;
    const severed: Publisher = {
      publish: (subject, bytes, options) => {
        publishes += 1;
        if (publishes > 1) return real.publish(subject, bytes, options);
        other.publish(subject, bytes, { reply: '_INBOX.nobody' });
        return new Promise((_resolve, reject) => setTimeout(() => reject(new PublishError('timeout', 'no ack')), 200));
      },
      get pending() {
        return 0;
      },
      tell: () => undefined,
      close: () => undefined,
    };
    const ref = newRef();
    expect(await appendOne(new JetStreamEventLog(other, { publisher: severed }), draftFor(ref, 1, 0))).toMatchObject({
      kind: 'appended',
    });
    expect(publishes).toBe(1);
    await other.close();
  });

  it('a commit larger than the server takes is told as such, and the connection stays up', async () => {
    const ref = newRef();
    const draft = draftFor(ref, 1, 0, 'x'.repeat(5 * 1024 * 1024));
    expect(await appendOne(log, draft)).toMatchObject({ kind: 'too-large' });
    expect(await appendOne(log, draftFor(ref, 1, 0))).toMatchObject({ kind: 'appended' });
  });

  it('thousands in flight are all settled', async () => {
    const narrow = new JetStreamEventLog(nc, { maxInFlight: 16 });
    const refs = Array.from({ length: 2_000 }, newRef);
    const outcomes = await narrow.append(refs.map((ref) => draftFor(ref, 1, 0)));
    expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(2_000);
  });

  it('acknowledged commits survive kill -9, and appends go on after it', async () => {
    const ref = newRef();
    const seqs = await appendRun(log, ref, 3);
    await server.kill();
    const during = appendOne(log, draftFor(ref, 4, seqs[2] ?? 0));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.restart();
    expect(await during).toMatchObject({ kind: 'appended' });
    const read = await log.read(ref);
    expect(read.kind === 'commits' && read.commits.map(({ commit }) => commit.version)).toEqual([1, 2, 3, 4]);
  }, 30_000);
});

describe('a full log', () => {
  it('refuses with words and keeps what it has', async () => {
    const own = await startSpecServer();
    const connection = await connectNats({ url: own.url, name: 'full' });
    await ensureStreams(connection, { bytesMax: { TL_LOG: 10_000 } });
    const small = new JetStreamEventLog(connection);
    const ref = newRef();
    await appendRun(small, ref, 1);
    const outcome = await appendOne(small, draftFor(newRef(), 1, 0, 'x'.repeat(10_000)));
    expect(outcome).toMatchObject({ kind: 'unavailable', problem: expect.stringContaining('TL0204') });
    expect(await small.read(ref)).toMatchObject({ kind: 'commits', commits: [{ commit: { version: 1 } }] });
    expect(encodeCommit(draftFor(ref, 1, 0)).bytes.length).toBeLessThan((await small.room()).bytesMax);
    await connection.close();
    await own.stop();
  }, 30_000);
});
