import type { AggregateRef, CommandId, CorrelationId, Instant } from '@throughline/contracts';

/** What the state of every aggregate holds, whatever it is about: its place on the log and what it has answered already. */
export interface AggregateState {
  readonly ref: AggregateRef;
  /** Commits folded. 0: the aggregate does not exist yet. */
  readonly version: number;
  /** Stream sequence of the last commit, the next append's fence. 0: none. */
  readonly seq: number;
  /** Behaviour of decide that this aggregate is pinned to. */
  readonly rules: number;
  /** When the last command was decided; the next one's `at` is never before it. */
  readonly lastAt: Instant | null;
  readonly correlationId: CorrelationId;
  /** Events folded of the commit that is under way: evolve derives tokens from it. 0 between commits. */
  readonly roundEvents: number;
  /** The last commands that were decided, oldest first: a repeat is answered, not decided again. */
  readonly recentCommands: readonly RecentCommand[];
}

export interface RecentCommand {
  readonly id: CommandId;
  /** The commit that holds it. */
  readonly version: number;
}

export const RECENT_COMMANDS_MAX = 1_000;

/** The version of the commit that holds a command, where it is one of the last 1,000. */
export const versionOfCommand = (state: AggregateState, id: CommandId): number | undefined => {
  // From the end: a repeat follows its first send closely.
  for (let i = state.recentCommands.length - 1; i >= 0; i -= 1) {
    const recent = state.recentCommands[i];
    if (recent?.id === id) return recent.version;
  }
  return undefined;
};

/** An aggregate's own id serves as correlation id until an event says otherwise: both brands are one subject token. */
export const ownCorrelationId = (ref: AggregateRef): CorrelationId => ref.aggregateId as unknown as CorrelationId;

export const emptyAggregateState = (ref: AggregateRef, rules: number): AggregateState => ({
  ref,
  version: 0,
  seq: 0,
  rules,
  lastAt: null,
  correlationId: ownCorrelationId(ref),
  roundEvents: 0,
  recentCommands: [],
});

/** Remembers a command as part of the commit under way, after its events. */
export const withCommand = <S extends AggregateState>(state: S, command: { id: CommandId; at: Instant }): S => {
  const kept =
    state.recentCommands.length < RECENT_COMMANDS_MAX
      ? state.recentCommands
      : state.recentCommands.slice(1 - RECENT_COMMANDS_MAX);
  const recentCommands = [...kept, { id: command.id, version: state.version + 1 }];
  return { ...state, lastAt: command.at, recentCommands };
};

/** Ends the commit under way: the state is that of its version, at the stream sequence where the commit was stored. */
export const withCommit = <S extends AggregateState>(state: S, seq: number): S => ({
  ...state,
  version: state.version + 1,
  seq,
  roundEvents: 0,
});

/** The state that `decideRound` returned, once its draft is known to be stored at `seq`. */
export const storedAt = <S extends AggregateState>(state: S, seq: number): S => ({ ...state, seq });
