import type { Json, ReplayResult } from '@throughline/contracts';
import type { CommitAt, ResolvedMachine } from '@throughline/execution';
import { exampleMachines, ExecutionUnderTest, resolved } from '@throughline/execution/given-when-then';
import { commitEntering, replayExecution, type ReplayPart } from './replay-execution.ts';
import { commitDigest } from './state-hash.ts';

const { machine, task } = exampleMachines;

const definition = (shipped: Json): Json =>
  machine({
    Pay: task({
      Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 1 }],
      ResultPath: '$.paid',
      Next: 'Pack',
    }),
    Pack: task({ ResultPath: '$.packed', Next: 'Ship' }),
    Ship: { Type: 'Pass', Parameters: { order: shipped, 'packed.$': '$.packed' }, End: true },
  });
const ORDER = resolved(definition('o-1'));

/** Pay fails once and is retried; the rest goes well. */
const played = (): ExecutionUnderTest => {
  const under = new ExecutionUnderTest(ORDER);
  under.start({ n: 1 });
  under.fail('Busy');
  under.fire();
  under.complete({ ok: true });
  under.complete({ box: 2 });
  return under;
};

const replayed = (
  log: readonly CommitAt[],
  part: ReplayPart = { mode: 'full' },
  found: ResolvedMachine = ORDER,
): ReplayResult => {
  const steps = replayExecution(log, () => found, part);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

const verdicts = ({ steps = [] }: ReplayResult): Record<string, string> =>
  Object.fromEntries(steps.map(({ state, visit, verdict }) => [`${state}/${visit}`, verdict]));

describe('replaying an execution', () => {
  it('says of every step that it is identical', () => {
    const result = replayed(played().log);
    expect(result).toMatchObject({ verdict: 'identical', matchPercent: 100, atCommit: 5 });
    expect(verdicts(result)).toEqual({ 'Pay/1': 'identical', 'Pack/1': 'identical', 'Ship/1': 'identical' });
    expect(result).not.toHaveProperty('running');
  });

  it('of one that has not ended holds up to its present commit, and says so', () => {
    const log = played().log.slice(0, 4);
    expect(replayed(log)).toMatchObject({ verdict: 'identical', running: true, atCommit: 4 });
  });

  it('from a step on decides what comes after it is entered, and skips what was before', () => {
    const result = replayed(played().log, { mode: 'from_step', fromStep: { state: 'Ship' } });
    expect(result).toMatchObject({ verdict: 'identical', commits: 1 });
    // The commit that enters Ship is the one that ends Pack.
    expect(verdicts(result)).toEqual({ 'Pay/1': 'skipped', 'Pack/1': 'identical', 'Ship/1': 'identical' });
  });

  it('of failed steps decides the commits that concern them', () => {
    const result = replayed(played().log, { mode: 'failed_only' });
    expect(verdicts(result)).toEqual({ 'Pay/1': 'identical', 'Pack/1': 'identical', 'Ship/1': 'skipped' });
    expect(result.commits).toBe(4);
  });

  it('pinpoints an expression that was changed, by step and pointer', () => {
    const result = replayed(played().log, { mode: 'full' }, resolved(definition('o-2')));
    expect(result).toMatchObject({
      verdict: 'divergent',
      firstDivergence: { commit: 1, event: 0, pointer: '/workflow/hash' },
    });
    expect(result.firstDivergence).not.toHaveProperty('step');
    expect(verdicts(result)).toEqual({ 'Pay/1': 'identical', 'Pack/1': 'identical', 'Ship/1': 'divergent' });
    expect(result.steps?.at(-1)).toMatchObject({
      state: 'Ship',
      commit: 5,
      pointer: '/output/value/order',
      expected: 'o-2',
      actual: 'o-1',
    });
  });

  it('pinpoints an edited definition at the step where it leads elsewhere', () => {
    const edited = resolved(
      machine({
        Pay: task({ ResultPath: '$.paid', Next: 'Pack' }),
        Pack: task({ ResultPath: '$.packed', End: true }),
      }),
    );
    const result = replayed(played().log, { mode: 'full' }, edited);
    expect(result.firstDivergence).toMatchObject({ pointer: '/workflow/hash' });
    // Without the retrier the execution fails where it was retried.
    expect(result.steps?.[0]).toMatchObject({ state: 'Pay', verdict: 'divergent', commit: 2, pointer: '/type' });
  });

  it('pinpoints a recorded event that was changed, though its digest was made anew', () => {
    const log = played().log.map((logged) => {
      if (logged.commit.version !== 5) return logged;
      const commit = JSON.parse(JSON.stringify(logged.commit).replaceAll('o-1', 'o-9')) as typeof logged.commit;
      return { ...logged, commit: { ...commit, digest: commitDigest(commit) } };
    });
    expect(replayed(log).firstDivergence).toMatchObject({
      commit: 5,
      step: { state: 'Ship' },
      pointer: '/output/value/order',
      expected: 'o-1',
      actual: 'o-9',
    });
  });

  it('names a handler that is declared pure and answers one request in two ways', () => {
    const pure = { Throughline: { EffectClass: 'pure' }, ResultPath: null };
    const twice = resolved(machine({ First: task({ ...pure, Next: 'Again' }), Again: task({ ...pure, End: true }) }));
    const under = new ExecutionUnderTest(twice);
    under.start({ n: 1 });
    under.complete({ total: 7, at: 'one' });
    under.complete({ total: 7, at: 'two' });
    const result = replayed(under.log, { mode: 'full' }, twice);
    // What was decided follows from what was answered all the same.
    expect(result.verdict).toBe('identical');
    expect(result.steps).toEqual([
      { state: 'First', frame: '0', visit: 1, verdict: 'identical' },
      {
        state: 'Again',
        frame: '0',
        visit: 1,
        verdict: 'nondeterministic',
        commit: 3,
        pointer: '/output/at',
        expected: 'one',
        actual: 'two',
      },
    ]);
  });

  it('finds the commit that enters a visit, and none for one that never was', () => {
    const { log } = played();
    expect(commitEntering(log, { state: 'Pay' })).toBe(1);
    expect(commitEntering(log, { state: 'Pack', frame: '0', visit: 1 })).toBe(4);
    expect(commitEntering(log, { state: 'Pack', visit: 2 })).toBeUndefined();
    expect(commitEntering(log, { state: 'Pack', frame: '0.1' })).toBeUndefined();
  });
});
