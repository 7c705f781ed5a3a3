import type { Machine } from '@throughline/asl';
import type { PreflightResult, RecordedExecutionCommand, WorkflowPin } from '@throughline/contracts';
import { type CommitAt, requiresPreflight, type ResolvedMachine } from '@throughline/execution';
import type { MachineOf, PendingCommand } from '../walked-execution.ts';

/** Nobody is called, so nobody has to be there. */
const PASSED: PreflightResult = { checks: 0, findings: [] };

/**
 * Another machine in the place of the one that an execution is pinned to. It goes by the recorded name, version and hash:
 * these stand in content hashes and in the context object, and would make everything look different that is not.
 */
export class Candidate {
  readonly startedAs: WorkflowPin | undefined;
  private readonly movedTo = new Map<number, WorkflowPin>();
  private readonly machine: Machine;

  constructor(machine: Machine, commits: readonly CommitAt[]) {
    this.machine = machine;
    const started = commits[0]?.commit.events.find((event) => event.type === 'ExecutionStarted');
    this.startedAs = started?.workflow;
    for (const { commit } of commits) {
      for (const event of commit.events) {
        if (event.type === 'ExecutionMigrated') this.movedTo.set(event.workflow.version, event.workflow);
      }
    }
  }

  readonly machineOf: MachineOf = (state, command) => {
    const workflow = state.start?.workflow ?? this.startedAs;
    if (command.type === 'MigrateExecution') return this.as(this.movedTo.get(command.body.version) ?? workflow);
    return this.as(workflow);
  };

  private as(workflow: WorkflowPin | undefined): ResolvedMachine | undefined {
    return workflow && { name: workflow.name, version: workflow.version, hash: workflow.hash, machine: this.machine };
  }

  /** A recorded command as it would have come to this machine. */
  pendingOf({ at, seed: _seed, events: _events, ...command }: RecordedExecutionCommand): PendingCommand {
    return { at, command: this.completed(command) };
  }

  /** What a preflight finds is recorded with the start, where the machine or the start asks for one. */
  private completed(command: PendingCommand['command']): PendingCommand['command'] {
    if (command.type !== 'StartExecution') return command;
    const { preflightResult, ...body } = command.body;
    const wanted = requiresPreflight(this.machine, body);
    if (wanted === (preflightResult !== undefined)) return command;
    return { ...command, body: wanted ? { ...body, preflightResult: PASSED } : body };
  }
}
