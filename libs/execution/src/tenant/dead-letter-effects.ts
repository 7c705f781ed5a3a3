import { type DeadLetterId, type Tenant, type TenantEvent } from '@throughline/contracts';
import type { TenantState } from './tenant-state.ts';

/** The shell sends the letter's message to where it came from, or only takes the letter away. Done again, it finds no letter. */
export interface DeadLetterEffect {
  readonly kind: 'dead-letter';
  readonly id: string;
  readonly act: 'requeue' | 'discard';
  readonly tenant: Tenant;
  readonly letterId: DeadLetterId;
}

const effectOf = (tenant: Tenant, letterId: DeadLetterId, act: DeadLetterEffect['act']): DeadLetterEffect => ({
  kind: 'dead-letter',
  id: `${tenant}.dead-letter.${letterId}`,
  act,
  tenant,
  letterId,
});

export const deadLetterEffectsOf = (
  { ref }: TenantState,
  events: readonly TenantEvent[],
): readonly DeadLetterEffect[] =>
  events.flatMap((event) => {
    switch (event.type) {
      case 'DeadLetterRequeued':
        return [effectOf(ref.tenant, event.letterId, 'requeue')];
      case 'DeadLetterDiscarded':
        return [effectOf(ref.tenant, event.letterId, 'discard')];
      default:
        return [];
    }
  });

/** Of the commits whose commands came again. */
export const deadLetterEffectsAgain = (
  { ref, settledLetters }: TenantState,
  versions: ReadonlySet<number>,
): readonly DeadLetterEffect[] =>
  settledLetters
    .filter(({ commitVersion }) => versions.has(commitVersion))
    .map(({ letterId, act }) => effectOf(ref.tenant, letterId, act === 'requeued' ? 'requeue' : 'discard'));
