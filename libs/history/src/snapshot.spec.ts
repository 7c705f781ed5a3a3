import type { Json } from '@throughline/contracts';
import { type CommitAt, type ExecutionState, foldCommit, initialExecution } from '@throughline/execution';
import { exampleMachines, ExecutionUnderTest, givenMachine, resolved } from '@throughline/execution/given-when-then';
import fc from 'fast-check';
import { decidedAt } from './moment.ts';
import { checkpointEvery, checkpointReason, type KeptSnapshot, restoreSnapshot, takeSnapshot } from './snapshot.ts';
import { stateHash } from './state-hash.ts';

const { FANNING, RETRYING, RICH, machine, task } = exampleMachines;

const kept = (state: ExecutionState, logged: CommitAt): KeptSnapshot =>
  takeSnapshot(state, { type: 'checkpoint', reason: 'every_n', step: null, logged, at: decidedAt(logged.commit) });
const keyOf = ({ facts }: KeptSnapshot) => ({ tenant: 'default', executionId: facts.executionId, id: facts.id });

const fold = (log: readonly CommitAt[], from: ExecutionState): ExecutionState => log.reduce(foldCommit, from);

const move = fc.record({ what: fc.constantFrom('complete', 'fail', 'fire', 'pause', 'resume'), value: fc.nat(9) });
const tell = (execution: ExecutionUnderTest, { what, value }: { what: string; value: number }): void => {
  const { attempts, timers } = execution.state;
  if (what === 'complete' && attempts.size > 0) execution.complete({ value, more: value > 3 });
  else if (what === 'fail' && attempts.size > 0) execution.fail(value > 4 ? 'Busy' : 'Other');
  else if (what === 'fire' && timers.size > 0) execution.fire();
  else if (what === 'pause') execution.control('PauseExecution');
  else if (what === 'resume') execution.control('ResumeExecution');
};

describe('folding from a snapshot', () => {
  test('equals folding from zero, wherever the snapshot stands', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Json>(RETRYING, RICH, FANNING),
        fc.array(move, { minLength: 1, maxLength: 15 }),
        (definition, moves) => {
          const execution = new ExecutionUnderTest(resolved(definition));
          execution.start({ items: [1, 2, 3], more: true });
          for (const one of moves) tell(execution, one);
          const { log } = execution;
          const end = fold(log, initialExecution(execution.state.ref));
          let state = initialExecution(execution.state.ref);
          for (const [i, logged] of log.entries()) {
            state = foldCommit(state, logged);
            const snapshot = kept(state, logged);
            const restored = restoreSnapshot(keyOf(snapshot), snapshot);
            if (!restored.ok) throw new Error(restored.problem);
            expect(stateHash(fold(log.slice(i + 1), restored.state))).toBe(stateHash(end));
            expect(restored.facts).toEqual(snapshot.facts);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a snapshot', () => {
  const execution = givenMachine(machine({ First: task({ Next: 'Second' }), Second: task() }));
  execution.start({ order: 7 });
  execution.complete({ paid: true });
  const logged = execution.log[1];
  if (!logged) throw new Error('nothing was logged');
  const snapshot = kept(execution.state, logged);

  it('says what is done, what is pending, and its hash and size', () => {
    expect(snapshot.facts).toMatchObject({
      id: 'checkpoint-2.0',
      version: 2,
      status: 'running',
      steps: { completed: ['First'], pending: [{ state: 'Second', frame: '0', kind: 'pending' }], failed: [], more: 0 },
      stateHash: stateHash(execution.state),
      bytes: Buffer.byteLength(snapshot.stateText),
      seq: logged.seq,
    });
    execution.fail('Broken');
    const ended = execution.log[2];
    if (!ended) throw new Error('nothing was logged');
    expect(kept(execution.state, ended).facts.steps).toMatchObject({ failed: [{ state: 'Second' }], pending: [] });
  });

  it.each<[string, (text: KeptSnapshot) => Partial<KeptSnapshot>]>([
    ['its state', ({ stateText }) => ({ stateText: stateText.replace('true', 'false') })],
    ['its facts', ({ factsText }) => ({ factsText: factsText.replace('"running"', '"succeeded"') })],
    ['its digest', () => ({ digest: '0'.repeat(64) })],
    ['the order of its keys', ({ stateText }) => ({ stateText: `{"seq":1,${stateText.slice(1)}` })],
  ])('that was changed in %s is not taken for one', (_what, change) => {
    expect(restoreSnapshot(keyOf(snapshot), { ...snapshot, ...change(snapshot) })).toMatchObject({ ok: false });
  });

  it("is of its execution and tenant only: another's row in its place is not taken for it", () => {
    const key = keyOf(snapshot);
    expect(restoreSnapshot(key, snapshot).ok).toBe(true);
    for (const other of [{ tenant: 'globex' }, { executionId: 'exec-2' }, { id: 'checkpoint-3.0' }]) {
      expect(restoreSnapshot({ ...key, ...other }, snapshot)).toMatchObject({ ok: false });
    }
  });
});

describe('checkpoints', () => {
  it('stand at every fiftieth commit, at pauses and at ends', () => {
    const execution = givenMachine(machine({ Work: task({ HeartbeatSeconds: 600 }) }));
    execution.start();
    for (let i = 0; i < 60; i += 1) execution.heartbeat();
    execution.control('PauseExecution');
    execution.control('ResumeExecution');
    execution.complete('done');
    const found: [number, string][] = [];
    execution.log.reduce((state, logged) => {
      const after = foldCommit(state, logged);
      const reason = checkpointReason(state, after, checkpointEvery(execution.log.length));
      if (reason) found.push([after.version, reason]);
      return after;
    }, initialExecution(execution.state.ref));
    expect(found).toEqual([
      [50, 'every_n'],
      [62, 'pause'],
      [64, 'end'],
    ]);
  });

  it('stand further apart in a longer history, so that there is never more than a bounded number', () => {
    expect([1, 3_200, 3_201, 1_000_000].map(checkpointEvery)).toEqual([50, 50, 100, 25_600]);
    fc.assert(fc.property(fc.nat(10_000_000), (commits) => commits / checkpointEvery(commits) <= 64));
  });
});
