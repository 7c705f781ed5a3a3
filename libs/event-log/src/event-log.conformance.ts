import {
  type AggregateRef,
  aggregateIdSchema,
  commandIdSchema,
  type CommitDraft,
  correlationIdSchema,
  instantSchema,
  RULES_VERSION,
  tenantSchema,
} from '@throughline/contracts';
import { decodeCommit, encodeCommit } from './commit-encoding.ts';
import type { AppendOutcome, EventLog } from './event-log.ts';

/** A log of its own for one test, and a way to put bytes on it that no append would. */
export interface LogUnderTest {
  readonly log: EventLog;
  plant(ref: AggregateRef, bytes: Uint8Array): Promise<number>;
}

let drafted = 0;
const nextName = (kind: string): string => `${kind}-${process.pid}-${(drafted += 1)}`;

export const newRef = (): AggregateRef => ({
  tenant: tenantSchema.parse('acme'),
  aggregate: 'workflow',
  aggregateId: aggregateIdSchema.parse(nextName('workflow')),
});

export const draftFor = (ref: AggregateRef, version: number, prevSeq: number, name = 'orders'): CommitDraft => ({
  v: 1,
  id: commandIdSchema.parse(nextName('commit')),
  tenant: ref.tenant,
  aggregate: 'workflow',
  aggregateId: ref.aggregateId,
  version,
  prevSeq,
  rules: RULES_VERSION,
  correlationId: correlationIdSchema.parse('correlation-1'),
  commands: [
    {
      id: commandIdSchema.parse(nextName('command')),
      type: 'RegisterWorkflow',
      at: instantSchema.parse('2026-01-31T12:00:00.000Z'),
      actor: { kind: 'user', id: 'naïve ✓' },
      seed: '0'.repeat(32),
      events: 1,
      body: { name, definition: { StartAt: 'A', States: { A: { Type: 'Succeed' } } } },
    },
  ],
  events: [{ type: 'WorkflowRegistered', version, hash: 'a'.repeat(64) }],
});

export const appendOne = async (log: EventLog, draft: CommitDraft): Promise<AppendOutcome> => {
  const [outcome] = await log.append([draft]);
  if (!outcome) throw new Error('append gave no outcome');
  return outcome;
};

/** Appends `count` commits to one aggregate and gives their sequences. */
export const appendRun = async (log: EventLog, ref: AggregateRef, count: number): Promise<readonly number[]> => {
  const seqs: number[] = [];
  for (let version = 1; version <= count; version += 1) {
    const outcome = await appendOne(log, draftFor(ref, version, seqs.at(-1) ?? 0));
    if (outcome.kind !== 'appended') throw new Error(JSON.stringify(outcome));
    seqs.push(outcome.seq);
  }
  return seqs;
};

/** What every implementation of the port does; the fake and the JetStream adapter both pass it. */
export const eventLogConformance = (open: () => LogUnderTest): void => {
  const versionsOf = async (ref: AggregateRef, options = {}): Promise<readonly number[]> => {
    const read = await open().log.read(ref, options);
    if (read.kind !== 'commits') throw new Error(JSON.stringify(read));
    return read.commits.map(({ commit }) => commit.version);
  };

  it('an aggregate without commits reads as empty', async () => {
    expect(await open().log.read(newRef())).toEqual({ kind: 'commits', commits: [] });
    expect(await open().log.last(newRef())).toEqual({ kind: 'commits', commits: [] });
  });

  it('what was appended is read back whole, with sequence, time and digest', async () => {
    const { log } = open();
    const ref = newRef();
    const draft = draftFor(ref, 1, 0);
    const outcome = await appendOne(log, draft);
    const read = await log.read(ref);
    expect(outcome).toMatchObject({ kind: 'appended', commit: encodeCommit(draft).commit });
    expect(read).toMatchObject({ kind: 'commits', commits: [{ commit: encodeCommit(draft).commit }] });
    if (read.kind !== 'commits' || outcome.kind !== 'appended') throw new Error('unreachable');
    expect(read.commits[0]?.seq).toBe(outcome.seq);
    expect(instantSchema.safeParse(read.commits[0]?.storedAt).success).toBe(true);
  });

  it('commits come in order, whatever other aggregates wrote in between', async () => {
    const { log } = open();
    const [mine, other] = [newRef(), newRef()];
    let [mySeq, otherSeq] = [0, 0];
    for (let version = 1; version <= 5; version += 1) {
      const outcomes = await log.append([draftFor(mine, version, mySeq), draftFor(other, version, otherSeq)]);
      [mySeq, otherSeq] = outcomes.map((outcome) => (outcome.kind === 'appended' ? outcome.seq : -1)) as [
        number,
        number,
      ];
    }
    expect(await versionsOf(mine)).toEqual([1, 2, 3, 4, 5]);
    expect(await versionsOf(other)).toEqual([1, 2, 3, 4, 5]);
    const last = await log.last(mine);
    expect(last).toMatchObject({ kind: 'commits', commits: [{ commit: { version: 5 }, seq: mySeq }] });
  });

  it('a read can begin at a sequence and end at a version', async () => {
    const { log } = open();
    const ref = newRef();
    const seqs = await appendRun(log, ref, 6);
    expect(await versionsOf(ref, { fromSeq: seqs[3] })).toEqual([4, 5, 6]);
    expect(await versionsOf(ref, { fromSeq: (seqs[3] ?? 0) + 1 })).toEqual([5, 6]);
    expect(await versionsOf(ref, { fromSeq: (seqs[5] ?? 0) + 1 })).toEqual([]);
    expect(await versionsOf(ref, { toVersion: 2 })).toEqual([1, 2]);
    expect(await versionsOf(ref, { fromSeq: seqs[1], toVersion: 3 })).toEqual([2, 3]);
  });

  it('of two commits on one fence one is appended and the other is a conflict', async () => {
    const { log } = open();
    const ref = newRef();
    const outcomes = await log.append([draftFor(ref, 1, 0, 'left'), draftFor(ref, 1, 0, 'right')]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['appended', 'conflict']);
    expect(await versionsOf(ref)).toEqual([1]);
  });

  it('a fence of 0 on an aggregate that exists is a conflict', async () => {
    const { log } = open();
    const ref = newRef();
    await appendRun(log, ref, 2);
    expect(await appendOne(log, draftFor(ref, 1, 0))).toEqual({ kind: 'conflict' });
    expect(await versionsOf(ref)).toEqual([1, 2]);
  });

  it('a fence ahead of the aggregate is a conflict', async () => {
    const { log } = open();
    const ref = newRef();
    const [seq = 0] = await appendRun(log, ref, 1);
    expect(await appendOne(log, draftFor(ref, 2, seq + 1_000_000))).toEqual({ kind: 'conflict' });
  });

  it('a refused draft does not undo the others of its call', async () => {
    const { log } = open();
    const [taken, free] = [newRef(), newRef()];
    await appendRun(log, taken, 1);
    const outcomes = await log.append([draftFor(taken, 1, 0), draftFor(free, 1, 0)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['conflict', 'appended']);
  });

  it('the same commit appended twice is there once, and both callers hear of its place', async () => {
    const { log } = open();
    const ref = newRef();
    const draft = draftFor(ref, 1, 0);
    const first = await appendOne(log, draft);
    expect(await appendOne(log, draft)).toEqual(first);
    expect(await versionsOf(ref)).toEqual([1]);
  });

  it('the same commit appended again after its successor is still recognized', async () => {
    const { log } = open();
    const ref = newRef();
    const draft = draftFor(ref, 1, 0);
    const first = await appendOne(log, draft);
    await appendOne(log, draftFor(ref, 2, first.kind === 'appended' ? first.seq : 0));
    expect(await appendOne(log, draft)).toEqual(first);
  });

  it('the first append wins among 50 callers at once', async () => {
    const { log } = open();
    const ref = newRef();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => appendOne(log, draftFor(ref, 1, 0))));
    expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'conflict')).toHaveLength(49);
  });

  it('a commit of an unknown version makes the aggregate unreadable: TL0201', async () => {
    const { log, plant } = open();
    const ref = newRef();
    const [seq = 0] = await appendRun(log, ref, 1);
    const future = await plant(ref, Buffer.from(JSON.stringify({ ...draftFor(ref, 2, seq), v: 2 })));
    expect(await log.read(ref)).toMatchObject({ kind: 'unreadable', code: 'TL0201', seq: future });
    expect(await versionsOf(ref, { toVersion: 1 })).toEqual([1]);
  });

  it('a flipped byte makes the aggregate unreadable: TL0202', async () => {
    const { log, plant } = open();
    const ref = newRef();
    const { bytes } = encodeCommit(draftFor(ref, 1, 0, 'orders'));
    const flipped = Buffer.from(Buffer.from(bytes).toString('utf8').replace('"name":"orders"', '"name":"0rders"'));
    const seq = await plant(ref, flipped);
    expect(await log.read(ref)).toMatchObject({ kind: 'unreadable', code: 'TL0202', seq });
    expect(await log.last(ref)).toMatchObject({ kind: 'unreadable', code: 'TL0202', seq });
  });

  it('a commit that does not follow the one before it is damage: TL0202', async () => {
    const { log, plant } = open();
    const ref = newRef();
    const [seq = 0] = await appendRun(log, ref, 1);
    const skipped = await plant(ref, encodeCommit(draftFor(ref, 3, seq)).bytes);
    expect(await log.read(ref)).toMatchObject({ kind: 'unreadable', code: 'TL0202', seq: skipped });
  });

  it("a commit under another aggregate's name is damage: TL0202", async () => {
    const { log, plant } = open();
    const [ref, other] = [newRef(), newRef()];
    const seq = await plant(ref, encodeCommit(draftFor(other, 1, 0)).bytes);
    expect(await log.read(ref)).toMatchObject({ kind: 'unreadable', code: 'TL0202', seq });
  });

  it('room says what is stored and what may be', async () => {
    const { log } = open();
    const before = await log.room();
    await appendRun(log, newRef(), 1);
    const after = await log.room();
    expect(after.bytes).toBeGreaterThan(before.bytes);
    expect(after.bytesMax).toBeGreaterThan(after.bytes);
  });

  it('what is encoded decodes to the same commit', () => {
    const { bytes, commit } = encodeCommit(draftFor(newRef(), 1, 0));
    expect(decodeCommit(bytes)).toEqual({ kind: 'commit', commit });
  });
};
