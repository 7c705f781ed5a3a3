import {
  aggregateIdSchema,
  type CommandId,
  executionIdSchema,
  type ReplayVerdict,
  tenantSchema,
} from '@throughline/contracts';
import { replayDecider } from '../deciders.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decideRound } from '../round.ts';
import { START_AT } from '../spec/given-when-then.ts';
import type { ReplayState } from './replay-state.ts';

const identical: ReplayVerdict = { verdict: 'identical', commits: 2, events: 9, matchPercent: 100 };

const recordVerdict = (state: ReplayState, id: string, result: ReplayVerdict) =>
  decideRound(
    replayDecider,
    state,
    [
      {
        at: START_AT,
        command: {
          id: id as CommandId,
          type: 'RecordReplay',
          actor: { kind: 'service', id: 'replay-service' },
          body: { executionId: executionIdSchema.parse('exec-1'), mode: 'full', result },
        },
      },
    ],
    { commitId: 'commit' as CommandId, limits: DEFAULT_LIMITS, machineOf: () => undefined },
  );

describe('RecordReplay', () => {
  const initial = replayDecider.initial({
    tenant: tenantSchema.parse('default'),
    aggregate: 'replay',
    aggregateId: aggregateIdSchema.parse('session-1'),
  });

  test('keeps the verdict, correlated with its execution', () => {
    const { state, draft } = recordVerdict(initial, 'c-1', identical);
    expect(draft?.events).toEqual([{ type: 'ReplayCompleted' }]);
    expect(draft?.correlationId).toBe('exec-1');
    expect(state.replay).toMatchObject({ executionId: 'exec-1', result: identical, at: START_AT });
  });

  test('the same verdict again is a duplicate, another one is refused', () => {
    const { state } = recordVerdict(initial, 'c-1', identical);
    expect(recordVerdict(state, 'c-2', identical).outcomes).toMatchObject([{ kind: 'accepted', duplicate: true }]);
    expect(recordVerdict(state, 'c-3', { ...identical, events: 8 }).outcomes).toMatchObject([
      { kind: 'refused', refusal: { code: 'TL0104' } },
    ]);
  });
});
