import {
  type Actor,
  type DeadLetterId,
  type FoundLetter,
  type Instant,
  SETTLED_LETTERS_MAX,
  type TenantEvent,
} from '@throughline/contracts';
import { refused, type TenantCommandRecord } from '../decider.ts';
import type { TenantState } from './tenant-state.ts';
import { records, type TenantVerdict } from './tenant-verdict.ts';

type SettleRecord = Extract<TenantCommandRecord, { type: 'RequeueDeadLetter' | 'DiscardDeadLetter' }>;

/** A letter that somebody has acted on. */
export interface SettledLetter {
  readonly letterId: DeadLetterId;
  readonly act: 'requeued' | 'discarded';
  readonly letter: FoundLetter;
  readonly at: Instant;
  readonly by: Actor;
  readonly reason: string | null;
  /** The commit that settled it. */
  readonly commitVersion: number;
}

/** One act for each letter: requeued twice, its message would go out twice. */
export const settleDeadLetter = (state: TenantState, { type, body }: SettleRecord): TenantVerdict => {
  const { letterId, found } = body;
  const settled = state.settledLetters.find((letter) => letter.letterId === letterId);
  if (settled) {
    const { act, at, by } = settled;
    return refused('TL0161', `dead letter ${letterId} was ${act} by ${by.id} at ${at}`, { act, at, by });
  }
  if (!found) return refused('TL0160', `there is no dead letter ${letterId}`);
  if (type === 'DiscardDeadLetter') return records({ type: 'DeadLetterDiscarded', letterId });
  if (!found.requeueable) {
    return refused(
      'TL0162',
      `dead letter ${letterId} does not hold its whole message, or nobody takes ${found.subject}`,
    );
  }
  return records({ type: 'DeadLetterRequeued', letterId });
};

export const deadLetterSettled = (
  state: TenantState,
  event: Extract<TenantEvent, { type: 'DeadLetterRequeued' | 'DeadLetterDiscarded' }>,
  command: TenantCommandRecord,
): TenantState => {
  if (command.type !== 'RequeueDeadLetter' && command.type !== 'DiscardDeadLetter') {
    throw new Error(`${command.type} settles no dead letter`);
  }
  const { found, reason } = command.body;
  if (!found) throw new Error(`${event.letterId} was settled unseen`);
  const settled: SettledLetter = {
    letterId: event.letterId,
    act: event.type === 'DeadLetterRequeued' ? 'requeued' : 'discarded',
    letter: found,
    at: command.at,
    by: command.actor,
    reason: reason ?? null,
    commitVersion: state.version + 1,
  };
  return { ...state, settledLetters: [...state.settledLetters.slice(1 - SETTLED_LETTERS_MAX), settled] };
};
