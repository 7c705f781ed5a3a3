import { formatInstant, parseInstant } from '@throughline/asl';
import {
  assertNever,
  type Instant,
  type Json,
  REPLAY_ATTEMPTS_MAX,
  REPLAY_LEASE_MS,
  type ReplayEvent,
  type ReplayRequest,
} from '@throughline/contracts';
import { type Decision, refused, type ReplayCommandRecord } from '../decider.ts';
import { canonicalHash } from '../hashes.ts';
import { jsonBytes } from '../json-size.ts';
import { evolveReplay } from './evolve-replay.ts';
import type { ReplaySession, ReplayState } from './replay-state.ts';

type CommandOf<T extends ReplayCommandRecord['type']> = Extract<ReplayCommandRecord, { type: T }>;
type Verdict =
  { readonly kind: 'event'; readonly event: ReplayEvent } | Exclude<Decision<never, never>, { kind: 'accepted' }>;

const records = (event: ReplayEvent): Verdict => ({ kind: 'event', event });

export const decideReplay = (state: ReplayState, command: ReplayCommandRecord): Decision<ReplayState, ReplayEvent> => {
  const verdict = judge(state, command);
  if (verdict.kind !== 'event') return verdict;
  const { event } = verdict;
  return {
    kind: 'accepted',
    events: [event],
    after: evolveReplay(state, event, command),
    bytes: jsonBytes(event),
  };
};

const judge = (state: ReplayState, command: ReplayCommandRecord): Verdict => {
  switch (command.type) {
    case 'RequestReplay':
      return requestReplay(state, command);
    case 'RecordReplay':
      return recordReplay(state, command);
    case 'BeginReplay':
      return beginReplay(state, command);
    case 'RenewReplay':
      return ofRunner(state, command, { type: 'ReplayProgressed' });
    case 'CompleteReplay':
      return ofRunner(state, command, { type: 'ReplayCompleted', verdict: command.body.result.verdict });
    case 'FailReplay': {
      const { code, message } = command.body;
      return ofRunner(state, command, { type: 'ReplayFailed', code, message });
    }
    default:
      return assertNever(command);
  }
};

const requestReplay = ({ ref, session }: ReplayState, { body }: CommandOf<'RequestReplay'>): Verdict => {
  const contradiction = contradictionIn(body);
  if (contradiction !== undefined) return refused('TL0403', contradiction);
  if (!session) return records({ type: 'ReplayRequested' });
  return sameJson(session.request, body)
    ? { kind: 'duplicate', version: 1 }
    : refused('TL0104', `replay session ${ref.aggregateId} is of another request`);
};

/** Why a request cannot be; undefined where it can. */
export const contradictionIn = (request: ReplayRequest): string | undefined => {
  if (request.scope === 'all') return undefined;
  const { mode, fromStep, kind, live } = request;
  if (mode === 'from_step' && !fromStep) return 'from_step needs the step to begin from';
  if (mode !== 'from_step' && fromStep) return `a step to begin from is for from_step, not for ${mode}`;
  if (kind === 'verify' && live) return 'a verification runs no step, live or not';
  return undefined;
};

/** A second result under the same id is either the same or a mistake. */
const recordReplay = ({ ref, session }: ReplayState, { body }: CommandOf<'RecordReplay'>): Verdict => {
  if (!session) return records({ type: 'ReplayCompleted', verdict: body.result.verdict });
  return session.status === 'completed' && sameJson({ request: session.request, result: session.result }, body)
    ? { kind: 'duplicate', version: 1 }
    : refused('TL0104', `replay session ${ref.aggregateId} is there already`);
};

/** Also of a session whose runner has been silent for too long; a session that this happens to too often has failed. */
const beginReplay = ({ ref, session }: ReplayState, { body, at }: CommandOf<'BeginReplay'>): Verdict => {
  if (session?.status === 'running') {
    if (session.runner === body.runner) return { kind: 'ignored' };
    if (at < formatInstant(msOf(session.renewedAt) + REPLAY_LEASE_MS)) {
      return refused('TL0404', `replay session ${ref.aggregateId} is worked on by another process`);
    }
  } else if (session?.status !== 'pending') {
    return notOpen(ref.aggregateId, session);
  }
  return session.attempts < REPLAY_ATTEMPTS_MAX
    ? records({ type: 'ReplayBegun', attempt: session.attempts + 1 })
    : records({
        type: 'ReplayFailed',
        code: 'TL0406',
        message: `begun ${session.attempts} times, and never ended: the process went away each time`,
      });
};

/** Every `at` is an instant. */
const msOf = (instant: Instant): number => parseInstant(instant) ?? 0;

const ofRunner = (
  { ref, session }: ReplayState,
  { body: { runner } }: CommandOf<'RenewReplay' | 'CompleteReplay' | 'FailReplay'>,
  event: ReplayEvent,
): Verdict => {
  if (session?.status !== 'running') return notOpen(ref.aggregateId, session);
  return session.runner === runner
    ? records(event)
    : refused('TL0404', `replay session ${ref.aggregateId} is worked on by another process`);
};

const notOpen = (id: string, session: ReplaySession | null): Verdict =>
  refused('TL0404', session ? `replay session ${id} is ${session.status}` : `nobody asked for replay session ${id}`);

const sameJson = (one: object, other: object): boolean =>
  // Both were parsed from JSON text.
  canonicalHash(one as Json) === canonicalHash(other as Json);
