import {
  type CommandId,
  deadLetterIdSchema,
  type FoundLetter,
  type TenantCommand,
  tenantSchema,
} from '@throughline/contracts';
import { storedAt } from '../aggregate-state.ts';
import { tenantDecider } from '../deciders.ts';
import { effectsOf, effectsOfRepeats } from '../effects.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decideRound } from '../round.ts';
import { START_AT } from '../spec/given-when-then.ts';
import { tenantRef, type TenantState } from './tenant-state.ts';

const LETTER = deadLetterIdSchema.parse('12-0a1b2c3d4e5f');
const found: FoundLetter = {
  stream: 'TL_COMMANDS',
  subject: 'tl.cmd.0.client.acme.execution.order-1',
  code: 'TL0001',
  why: 'not a command',
  payloadHash: 'a'.repeat(64),
  requeueable: true,
};
const actor = { kind: 'user' as const, id: 'ann' };
const initial = tenantDecider.initial(tenantRef(tenantSchema.parse('acme')));

const tell = (state: TenantState, id: string, command: TenantCommand) => {
  const round = decideRound(
    tenantDecider,
    state,
    [{ at: START_AT, command: { id: id as CommandId, actor, ...command } }],
    {
      commitId: 'commit' as CommandId,
      limits: DEFAULT_LIMITS,
      machineOf: () => undefined,
    },
  );
  const after = round.draft ? storedAt(round.state, 7) : round.state;
  return { after, outcome: round.outcomes[0], effects: round.draft ? effectsOf(after, round.draft) : [] };
};
const requeue = (more: object = {}): TenantCommand => ({
  type: 'RequeueDeadLetter',
  body: { letterId: LETTER, reason: 'mended', found, ...more },
});
const discard: TenantCommand = { type: 'DiscardDeadLetter', body: { letterId: LETTER, found } };
const code = ({ outcome }: ReturnType<typeof tell>) => (outcome?.kind === 'refused' ? outcome.refusal.code : undefined);

describe('a dead letter', () => {
  test('is requeued once, and it stands who did so and why', () => {
    const { after, effects } = tell(initial, 'c-1', requeue());
    expect(effects).toMatchObject([{ kind: 'dead-letter', act: 'requeue', tenant: 'acme', letterId: LETTER }]);
    expect(after.settledLetters).toMatchObject([{ letterId: LETTER, act: 'requeued', by: actor, reason: 'mended' }]);
    expect(code(tell(after, 'c-2', requeue()))).toBe('TL0161');
    expect(code(tell(after, 'c-3', discard))).toBe('TL0161');
  });

  test('is discarded once, also where it could not be requeued', () => {
    const cut = { found: { ...found, requeueable: false } };
    expect(code(tell(initial, 'c-1', requeue(cut)))).toBe('TL0162');
    const { after, effects } = tell(initial, 'c-2', discard);
    expect(effects).toMatchObject([{ act: 'discard' }]);
    expect(code(tell(after, 'c-3', requeue()))).toBe('TL0161');
  });

  test('that nobody found is unknown', () => {
    expect(code(tell(initial, 'c-1', requeue({ found: undefined })))).toBe('TL0160');
  });

  test('its act is done again where the command comes again, and no other is', () => {
    const first = tell(initial, 'c-1', requeue());
    const second = tell(first.after, 'c-2', {
      type: 'DiscardDeadLetter',
      body: { letterId: deadLetterIdSchema.parse('13-0a1b2c3d4e5f'), found },
    });
    expect(effectsOfRepeats(second.after, new Set([1]))).toEqual(first.effects);
    expect(effectsOfRepeats(second.after, new Set([2]))).toEqual(second.effects);
  });
});
