import { assertNever, type TenantEvent } from '@throughline/contracts';
import { type Decision, refused, type TenantCommandRecord } from '../decider.ts';
import { jsonBytes } from '../json-size.ts';
import { resetTimeoutPolicy, setTimeoutPolicy, timeoutPolicyReset, timeoutPolicySet } from './set-timeout-policy.ts';
import { deadLetterSettled, settleDeadLetter } from './settle-dead-letter.ts';
import type { TenantState } from './tenant-state.ts';
import type { TenantVerdict } from './tenant-verdict.ts';

export const decideTenant = (state: TenantState, command: TenantCommandRecord): Decision<TenantState, TenantEvent> => {
  const { tenant, aggregateId } = state.ref;
  // A second aggregate would be a second set of settings, which nobody reads.
  if (aggregateId !== (tenant as string)) {
    return refused('TL0006', `what is tenant ${tenant}'s own is decided as ${tenant}, not as ${aggregateId}`);
  }
  const verdict = judge(state, command);
  if (verdict.kind !== 'events') return verdict;
  const { events } = verdict;
  const after = events.reduce((folded, event) => evolveTenant(folded, event, command), state);
  return { kind: 'accepted', events, after, bytes: jsonBytes(events) };
};

/** One file per command beside this one. */
const judge = (state: TenantState, command: TenantCommandRecord): TenantVerdict => {
  switch (command.type) {
    case 'SetTimeoutPolicy':
      return setTimeoutPolicy(state, command);
    case 'ResetTimeoutPolicy':
      return resetTimeoutPolicy(state, command);
    case 'RequeueDeadLetter':
    case 'DiscardDeadLetter':
      return settleDeadLetter(state, command);
    default:
      return assertNever(command);
  }
};

export const evolveTenant = (state: TenantState, event: TenantEvent, command: TenantCommandRecord): TenantState => {
  const counted = { ...state, roundEvents: state.roundEvents + 1 };
  switch (event.type) {
    case 'TimeoutPolicySet':
      return timeoutPolicySet(counted, command);
    case 'TimeoutPolicyReset':
      return timeoutPolicyReset(counted, command);
    case 'DeadLetterRequeued':
    case 'DeadLetterDiscarded':
      return deadLetterSettled(counted, event, command);
    default:
      return assertNever(event);
  }
};
