import { type CommandId, commitSchema, type LockEvent, tenantSchema } from '@throughline/contracts';
import type { AnyState } from '../any-state.ts';
import { storedAt } from '../aggregate-state.ts';
import type { Decider } from '../decider.ts';
import { deciderOf } from '../deciders.ts';
import { effectsOf } from '../effects.ts';
import { sha256Hex } from '../hashes.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decideRound } from '../round.ts';
import { START_AT } from '../spec/given-when-then.ts';
import { lockRef } from './lock-id.ts';
import { initialLock, type LockState } from './lock-state.ts';

const REF = lockRef(tenantSchema.parse('default'), 'pump');
const claim = (execution: string) => ({ execution, request: '1.2' });
const acquire = (execution: string) => ({
  type: 'AcquireLock',
  body: { ...claim(execution), asset: 'pump', workflow: 'example', state: 'Work' },
});
const release = (execution: string) => ({ type: 'ReleaseLock', body: claim(execution) });

/** Decided together, as one commit. */
const together = (before: LockState, commands: readonly object[]) => {
  const actor = { kind: 'system', id: 'spec' };
  const pending = commands.map((command, index) => ({
    command: { id: `c${before.version}-${index}`, actor, ...command },
    at: START_AT,
  }));
  // The cast joins the decider with its own aggregate's commands, as the engine does.
  const decider = deciderOf<AnyState>('lock') as unknown as Decider<AnyState, never, unknown>;
  const { draft, state } = decideRound(decider, before, pending as never, {
    commitId: 'commit' as CommandId,
    limits: DEFAULT_LIMITS,
    machineOf: () => undefined,
  });
  const commit = commitSchema.parse({ ...draft, digest: sha256Hex(JSON.stringify(draft)) });
  const after = storedAt(state, before.seq + 1);
  const events: readonly LockEvent[] = commit.aggregate === 'lock' ? commit.events : [];
  // The round's state is of the aggregate that it was given.
  return { state: after as LockState, events, effects: effectsOf(after, commit) };
};

const tokensOf = (events: readonly LockEvent[]): readonly number[] =>
  events.flatMap((event) => (event.type === 'LockGranted' ? [event.fencingToken] : []));

describe('a lock that passes from hand to hand within one commit', () => {
  const asked = together(initialLock(REF), [acquire('a'), acquire('b'), acquire('c')]);
  const passed = together(asked.state, [release('a'), release('b')]);

  it('gives each of its holders a token of its own, higher than those before', () => {
    expect(tokensOf(asked.events)).toEqual([1]);
    expect(tokensOf(passed.events)).toEqual([2, 3]);
    expect(passed.state.holder).toMatchObject({ ...claim('c'), fencingToken: 3 });
  });

  it('tells its last holder of the grant', () => {
    const told = passed.effects.flatMap((effect) => (effect.kind === 'command' ? [effect.command] : []));
    expect(told).toEqual([
      expect.objectContaining({ type: 'RecordLockGrant', body: { request: '1.2', asset: 'pump', fencingToken: 3 } }),
    ]);
  });

  it('goes on from the last token in the commits after it', () => {
    const next = together(passed.state, [acquire('d'), release('c')]);
    expect(tokensOf(next.events)).toEqual([4]);
    // A grant of an earlier commit is no news.
    const still = together(next.state, [acquire('e')]);
    expect(still.effects.filter((effect) => effect.kind === 'command')).toEqual([]);
  });
});
