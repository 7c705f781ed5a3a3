import {
  COMMIT_VERSIONS,
  type CommandId,
  type CommitDraft,
  type CorrelationId,
  type Instant,
  type Json,
  type Refusal,
} from '@throughline/contracts';
import { type AggregateState, versionOfCommand, withCommand, withCommit } from './aggregate-state.ts';
import type { Decider, ResolvedMachine } from './decider.ts';
import { seedOf } from './hashes.ts';
import { keyIsTaken } from './idempotency.ts';
import { measureBody } from './command-body.ts';
import type { Limits } from './limits.ts';

interface AnyCommandRecord {
  readonly id: CommandId;
  readonly type: string;
  readonly at: Instant;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly seed: string;
  readonly body: unknown;
}

type Given<C> = C extends unknown ? Omit<C, 'at' | 'seed'> : never;

/** A sent command with the time that is recorded for it. It was parsed by its schema: the log keeps its keys' order. */
export interface Pending<C> {
  readonly command: Given<C>;
  readonly at: Instant;
}

export interface RoundMeta<S, C> {
  /** Names the append. Random, for the shell's use only: nothing is decided by it. */
  readonly commitId: CommandId;
  readonly limits: Limits;
  /** The version asked for (or the latest) for a start, the one to move to for a move, the pinned one otherwise; undefined where there is none. */
  readonly machineOf: (state: S, command: C) => ResolvedMachine | undefined;
}

export type RoundOutcome =
  | {
      readonly kind: 'accepted';
      /** Committed before, or by an earlier command of this round: this send leaves no trace. */
      readonly duplicate: boolean;
      /** The commit that holds the command. */
      readonly version: number;
      readonly correlationId: CorrelationId;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Legal, and nothing to record. */
  | { readonly kind: 'ignored' }
  /** The round reached its bound: decide it in the next one. */
  | { readonly kind: 'deferred' };

export interface Round<S> {
  /** Absent where no command was accepted. */
  readonly draft?: CommitDraft;
  /** After the draft; its `seq` is still the one before: see `storedAt`. */
  readonly state: S;
  /** One per pending command, in their order. */
  readonly outcomes: readonly RoundOutcome[];
}

/** What one command may still add after the last check: a state's events, or the closing of what is open. */
const EVENTS_RESERVED = 50;

/** Decides pending commands in order, each on the state that the ones before it led to, as one commit. */
export const decideRound = <S extends AggregateState, C extends AnyCommandRecord, E>(
  decider: Decider<S, C, E>,
  state: S,
  pending: readonly Pending<C>[],
  meta: RoundMeta<S, C>,
): Round<S> => {
  const version = state.version + 1;
  const commands: (C & { events: number })[] = [];
  const events: E[] = [];
  const outcomes: RoundOutcome[] = [];
  let current = state;
  let roundBytes = 0;
  let roundCost = 0;
  for (const { command: given, at } of pending) {
    const full =
      events.length > meta.limits.roundEventsMax - EVENTS_RESERVED ||
      roundBytes > meta.limits.roundBytesMax / 2 ||
      roundCost > meta.limits.roundCostMax;
    if (full && commands.length > 0) {
      outcomes.push({ kind: 'deferred' });
      continue;
    }
    const heldBy = versionOfCommand(current, given.id);
    if (heldBy !== undefined) {
      outcomes.push(accepted(current, heldBy, true));
      continue;
    }
    if (keyIsTaken(current.recentCommands, given.id)) {
      const message = `the idempotency key was used for another command to ${state.ref.aggregateId}`;
      outcomes.push({ kind: 'refused', refusal: { code: 'TL0171', message } });
      continue;
    }
    // Every body was parsed from JSON text.
    const measured = measureBody(given.body as Json, meta.limits);
    if (measured.kind === 'refused') {
      outcomes.push(measured);
      continue;
    }
    const { bytes: bodyBytes, body } = measured;
    const command = record<C>(given, body, later(at, current.lastAt), seedOf(state.ref, version, commands.length));
    const decision = decider.decide(current, command, {
      at: command.at,
      seed: command.seed,
      machine: meta.machineOf(current, command),
      limits: meta.limits,
      bodyBytes,
      roundBytes: roundBytes + bodyBytes,
    });
    switch (decision.kind) {
      case 'accepted':
        events.push(...decision.events);
        command.events = decision.events.length;
        commands.push(command);
        current = withCommand(decision.after, command);
        roundBytes += bodyBytes + decision.bytes;
        roundCost += decision.cost ?? 0;
        outcomes.push(accepted(current, version, false));
        break;
      case 'duplicate':
        outcomes.push(accepted(current, decision.version, true));
        break;
      default:
        outcomes.push(decision);
    }
  }
  if (commands.length === 0) return { state, outcomes };
  const { tenant, aggregate, aggregateId } = state.ref;
  // In the order of the commit's schema, because its bytes are hashed. The cast joins the parts of one decider, whose
  // commands and events are those of the aggregate that `ref` names.
  const draft = {
    v: COMMIT_VERSIONS[aggregate],
    id: meta.commitId,
    tenant,
    aggregateId,
    version,
    prevSeq: state.seq,
    rules: state.rules,
    correlationId: current.correlationId,
    aggregate,
    commands,
    events,
  } as unknown as CommitDraft;
  return { draft, state: withCommit(current, state.seq), outcomes };
};

const accepted = (state: AggregateState, version: number, duplicate: boolean): RoundOutcome => ({
  kind: 'accepted',
  duplicate,
  version,
  correlationId: state.correlationId,
});

/** RFC 3339 in UTC with milliseconds compares as text. */
const later = (at: Instant, lastAt: Instant | null): Instant => (lastAt !== null && lastAt > at ? lastAt : at);

/**
 * In the order of the recorded command's schema, written out because this runs for every command. `events` is counted
 * once they are known. The cast states that the parts are those of one command type.
 */
const record = <C extends AnyCommandRecord>(
  given: Given<C>,
  body: Json,
  at: Instant,
  seed: string,
): C & { events: number } => {
  const { id, actor, causationId, traceparent, type } = given as unknown as AnyCommandRecord;
  const recorded: Record<string, unknown> = { id, at, actor };
  if (causationId !== undefined) recorded.causationId = causationId;
  if (traceparent !== undefined) recorded.traceparent = traceparent;
  recorded.seed = seed;
  recorded.events = 0;
  recorded.type = type;
  recorded.body = body;
  return recorded as unknown as C & { events: number };
};
