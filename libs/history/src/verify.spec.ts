import fc from 'fast-check';
import type { Commit, Json } from '@throughline/contracts';
import { type CommitAt, type ExecutionState, type ResolvedMachine, seedOf } from '@throughline/execution';
import { exampleMachines, resolved } from '@throughline/execution/given-when-then';
import { stateAt } from './fold.ts';
import { GOLDEN_SCENARIOS } from './spec/golden-scenarios.ts';
import { commitDigest, stateHash } from './state-hash.ts';
import { verify } from './verify.ts';

/** Histories within the usual limits. */
const LOGS = GOLDEN_SCENARIOS.filter(
  ({ limits, definition, versions }) => !limits && !versions && definition !== undefined,
).map((scenario) => ({
  name: scenario.name,
  log: scenario.play(),
  machine: resolved(scenario.definition as Json),
}));

const [example] = LOGS;
if (!example) throw new Error('no scenario');

/** The log with one commit altered; whoever alters it with care makes the digest anew. */
const altered = (log: readonly CommitAt[], version: number, change: (commit: Commit) => Commit, digest = true) =>
  log.map((logged) => {
    if (logged.commit.version !== version) return logged;
    const commit = change(structuredClone(logged.commit));
    return { ...logged, commit: digest ? { ...commit, digest: commitDigest(commit) } : commit };
  });

const resolving = (machine: ResolvedMachine) => () => machine;
const verdictOf = (log: readonly CommitAt[]) => verify(log, resolving(example.machine));

describe('verify', () => {
  test.each(LOGS.map(({ name, log, machine }) => [name, log, machine] as const))(
    'finds %s identical',
    (_name, log, machine) => {
      expect(verify(log, resolving(machine))).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    },
  );

  test('no history is identical to nothing', () => {
    expect(verify([], () => undefined)).toEqual({ verdict: 'identical', commits: 0, events: 0, matchPercent: 100 });
  });

  test('any flipped byte of a commit is found', () => {
    const place = fc.record({ log: fc.nat(), commit: fc.nat(), byte: fc.nat(), to: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(place, ({ log: l, commit: c, byte: b, to }) => {
        const chosen = LOGS[l % LOGS.length] ?? example;
        const index = c % chosen.log.length;
        const text = JSON.stringify(chosen.log[index]?.commit);
        const bytes = Buffer.from(text, 'utf8');
        const at = b % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ to;
        let commit: Commit;
        try {
          commit = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Commit;
        } catch {
          return; // no reader takes it for a commit at all
        }
        const log = chosen.log.map((logged, i) => (i === index ? { ...logged, commit } : logged));
        expect(verify(log, resolving(chosen.machine))).toMatchObject({
          verdict: 'divergent',
          firstDivergence: { commit: index + 1 },
        });
      }),
      { numRuns: 800 },
    );
  });

  test('a byte flipped in an event or a seed is found even where the digest was made anew', () => {
    const parts = ['events', 'seed'] as const;
    fc.assert(
      fc.property(fc.constantFrom(...parts), fc.nat(), fc.nat(), fc.constantFrom(...'aZ0_9x'), (part, c, b, to) => {
        const version = (c % example.log.length) + 1;
        const log = altered(example.log, version, (commit) => {
          const text = part === 'events' ? JSON.stringify(commit.events) : (commit.commands[0]?.seed ?? '');
          const at = b % text.length;
          const flipped = text.slice(0, at) + to + text.slice(at + 1);
          fc.pre(flipped !== text);
          if (part === 'seed') {
            const commands = commit.commands.map((command, i) => (i === 0 ? { ...command, seed: flipped } : command));
            return { ...commit, commands } as Commit;
          }
          try {
            const events = JSON.parse(flipped) as never;
            fc.pre(JSON.stringify(events) !== text);
            return { ...commit, events };
          } catch (thrown) {
            fc.pre(!(thrown instanceof SyntaxError));
            throw thrown;
          }
        });
        expect(verdictOf(log)).toMatchObject({ verdict: 'divergent', firstDivergence: { commit: version } });
      }),
      { numRuns: 400 },
    );
  });

  test('names commit, event, pointer, what is expected and what stands there', () => {
    const log = altered(example.log, 1, (commit) => {
      const events = commit.events.map((event) =>
        event.type === 'StepScheduled' ? { ...event, handler: 'evil' } : event,
      );
      return { ...commit, events } as Commit;
    });
    const { matchPercent, firstDivergence } = verdictOf(log);
    expect(firstDivergence).toMatchObject({
      commit: 1,
      event: 5,
      pointer: '/handler',
      expected: 'work',
      actual: 'evil',
    });
    expect(matchPercent).toBeGreaterThan(50);
    expect(matchPercent).toBeLessThan(100);
  });

  test('a changed result is found though its event only refers to it', () => {
    const log = altered(example.log, 3, (commit) => {
      const commands = commit.commands.map((command) =>
        command.type === 'CompleteStep' ? { ...command, body: { ...command.body, output: { more: false } } } : command,
      );
      return { ...commit, commands } as Commit;
    });
    expect(verdictOf(log).firstDivergence).toMatchObject({ reason: 'deciding again gives another event' });
  });

  test.each([
    ['/digest', (commit: Commit) => ({ ...commit, id: 'other' as never }), false],
    ['/prevSeq', (commit: Commit) => ({ ...commit, prevSeq: commit.prevSeq + 1 }), true],
    ['/version', (commit: Commit) => ({ ...commit, version: commit.version + 1 }), true],
    ['/rules', (commit: Commit) => ({ ...commit, rules: 99 }), true],
    ['/tenant', (commit: Commit) => ({ ...commit, tenant: 'other' as never }), true],
    ['/correlationId', (commit: Commit) => ({ ...commit, correlationId: 'other' as never }), true],
  ] as const)('a wrong %s is named', (pointer, change, digest) => {
    const log = altered(example.log, 2, change as (commit: Commit) => Commit, digest);
    expect(verdictOf(log)).toMatchObject({ verdict: 'divergent', firstDivergence: { commit: 2, pointer } });
  });

  test('time that goes back is named', () => {
    const log = altered(example.log, 3, (commit) => {
      const commands = commit.commands.map((command) => ({ ...command, at: '2025-01-01T00:00:00.000Z' }));
      return { ...commit, commands } as Commit;
    });
    expect(verdictOf(log).firstDivergence).toMatchObject({
      commit: 3,
      pointer: '/commands/0/at',
      reason: 'time goes back',
    });
  });

  test('a commit taken out, and commits that changed places, are found', () => {
    expect(verdictOf(example.log.filter(({ commit }) => commit.version !== 2))).toMatchObject({ verdict: 'divergent' });
    expect(verdictOf([...example.log].reverse())).toMatchObject({ verdict: 'divergent' });
  });

  test('a command that would be refused today is found', () => {
    const log = altered(example.log, 3, (commit) => {
      const [command] = commit.commands;
      if (!command) throw new Error('a command expected');
      const more = { ...command, id: 'forged' as never, seed: seedOf(commit, 3, 1), events: 0 };
      return { ...commit, commands: [...commit.commands, more] } as Commit;
    });
    expect(verdictOf(log).firstDivergence).toMatchObject({ commit: 3, pointer: '/commands/1' });
  });

  test('a commit of another form or version is divergent and does not throw', () => {
    for (const commit of [{}, null, { ...example.log[1]?.commit, v: 2 }, { ...example.log[1]?.commit, events: 'no' }]) {
      const log = example.log.map((logged, i) => (i === 1 ? { ...logged, commit: commit as Commit } : logged));
      expect(verdictOf(log)).toMatchObject({ verdict: 'divergent', firstDivergence: { commit: 2, pointer: '' } });
    }
  });

  test('another definition, or none, under the pinned version is divergent', () => {
    expect(verify(example.log, () => undefined)).toMatchObject({ verdict: 'divergent' });
    const other = resolved(exampleMachines.ONE_TASK);
    expect(verify(example.log, () => other)).toMatchObject({ verdict: 'divergent' });
  });
});

describe('stateAt', () => {
  test('is the state after each commit, with a hash of its own', () => {
    const hashes = example.log.map((_logged, i) => {
      const state = stateAt<ExecutionState>(example.log, i + 1);
      expect(state?.version).toBe(i + 1);
      return state && stateHash(state);
    });
    expect(new Set(hashes).size).toBe(example.log.length);
  });

  test('is undefined beyond the history', () => {
    for (const version of [0, -1, 1.5, example.log.length + 1]) expect(stateAt(example.log, version)).toBeUndefined();
    expect(stateAt([], 1)).toBeUndefined();
  });

  test('its hash does not depend on the order of keys', () => {
    const state = stateAt<ExecutionState>(example.log, 2);
    if (!state) throw new Error('a state expected');
    const reversed = Object.fromEntries(Object.entries(state).reverse()) as unknown as ExecutionState;
    expect(stateHash(reversed)).toBe(stateHash(state));
  });
});
