import type { Commit, CommandId } from '@throughline/contracts';
import {
  type CommitAt,
  decideRound,
  DEFAULT_LIMITS,
  executionDecider,
  type ExecutionCommandRecord,
  type ExecutionState,
  type Limits,
  type Pending,
  type ResolvedMachine,
  type RoundOutcome,
  storedAt,
} from '@throughline/execution';

export type MachineOf = (state: ExecutionState, command: ExecutionCommandRecord) => ResolvedMachine | undefined;
export type PendingCommand = Pending<ExecutionCommandRecord>;

export interface WalkedRound {
  readonly before: ExecutionState;
  readonly outcomes: readonly RoundOutcome[];
  /** Absent where nothing was accepted. */
  readonly logged?: CommitAt;
}

/** An execution in memory: rounds are decided, and taken as stored. Nothing is called, nothing is written. */
export class WalkedExecution {
  state: ExecutionState;
  private readonly machineOf: MachineOf;
  private readonly limits: Limits;

  constructor(state: ExecutionState, machineOf: MachineOf, limits: Limits = DEFAULT_LIMITS) {
    this.state = state;
    this.machineOf = machineOf;
    this.limits = limits;
  }

  decide(pending: readonly PendingCommand[]): WalkedRound {
    const before = this.state;
    const version = before.version + 1;
    const round = decideRound(executionDecider, before, pending, {
      commitId: `commit-${version}` as CommandId, // a subject token
      limits: this.limits,
      machineOf: this.machineOf,
    });
    if (!round.draft) return { before, outcomes: round.outcomes };
    // The cast adds what a draft lacks of a commit: nobody reads this one's digest.
    const commit = { ...round.draft, digest: '' } as Commit;
    this.state = storedAt(round.state, version);
    return { before, outcomes: round.outcomes, logged: { commit, seq: version } };
  }
}
