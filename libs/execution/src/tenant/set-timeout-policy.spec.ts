import { aggregateIdSchema, type CommandId, type TenantCommand, tenantSchema } from '@throughline/contracts';
import { tenantDecider } from '../deciders.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decideRound } from '../round.ts';
import { START_AT } from '../spec/given-when-then.ts';
import { tenantRef, type TenantState } from './tenant-state.ts';

const TENANT = tenantSchema.parse('acme');
const POLICY = {
  executionMs: 60_000,
  stepMs: 10_000,
  queueWaitMs: 5_000,
  approvalMs: 30_000,
  cancelGraceMs: 1_000,
  answerWaitMs: 500,
};
const actor = { kind: 'user' as const, id: 'ana' };

const tell = (state: TenantState, id: string, command: TenantCommand) =>
  decideRound(tenantDecider, state, [{ at: START_AT, command: { id: id as CommandId, actor, ...command } }], {
    commitId: 'commit' as CommandId,
    limits: DEFAULT_LIMITS,
    machineOf: () => undefined,
  });
const set = (stepMs: number): TenantCommand => ({
  type: 'SetTimeoutPolicy',
  body: { slaClass: 'batch', actionClass: 'destructive', policy: { ...POLICY, stepMs } },
});

describe('SetTimeoutPolicy', () => {
  const initial = tenantDecider.initial(tenantRef(TENANT));

  test('stands from then on, with who set it and when', () => {
    const { draft, state } = tell(initial, 'c-1', set(10_000));
    expect(draft?.events).toEqual([{ type: 'TimeoutPolicySet' }]);
    expect(state.policies).toEqual({
      'batch.destructive': {
        slaClass: 'batch',
        actionClass: 'destructive',
        policy: POLICY,
        at: START_AT,
        by: actor,
        commitVersion: 1,
      },
    });
  });

  test('the same values again leave no commit; other values replace the first', () => {
    const { state } = tell(initial, 'c-1', set(10_000));
    expect(tell(state, 'c-2', set(10_000))).toMatchObject({ outcomes: [{ duplicate: true, version: 1 }] });
    const changed = tell(state, 'c-3', set(20_000));
    expect(changed.outcomes).toMatchObject([{ duplicate: false, version: 2 }]);
    expect(changed.state.policies['batch.destructive']).toMatchObject({ policy: { stepMs: 20_000 } });
  });

  test('a reset brings the default back, and where it stands already leaves no commit', () => {
    const body = { slaClass: 'batch' as const, actionClass: 'destructive' as const };
    const { state } = tell(initial, 'c-1', set(10_000));
    const reset = tell(state, 'c-2', { type: 'ResetTimeoutPolicy', body });
    expect(reset.draft?.events).toEqual([{ type: 'TimeoutPolicyReset' }]);
    expect(reset.state.policies).toEqual({});
    expect(tell(reset.state, 'c-3', { type: 'ResetTimeoutPolicy', body })).toMatchObject({
      outcomes: [{ kind: 'ignored' }],
    });
  });

  test('a policy whose step would outlast the execution is refused, and nothing is set', () => {
    const { draft, outcomes } = tell(initial, 'c-1', set(60_001));
    expect(outcomes).toMatchObject([{ kind: 'refused', refusal: { code: 'TL0170' } }]);
    expect(draft).toBeUndefined();
  });

  test('a tenant has one aggregate, of its own name', () => {
    const other = tenantDecider.initial({ ...tenantRef(TENANT), aggregateId: aggregateIdSchema.parse('globex') });
    expect(tell(other, 'c-1', set(1))).toMatchObject({ outcomes: [{ kind: 'refused', refusal: { code: 'TL0006' } }] });
  });
});
