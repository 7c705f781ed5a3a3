import {
  type ExecutionId,
  executionRef,
  isTerminal,
  type MigrationView,
  type Refusal,
  type WhatIfDifference,
  type WorkflowPin,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { CommandSender } from '@throughline/event-log/jetstream';
import type { ExecutionState } from '@throughline/execution';
import { firstDecidedOtherwise, fold } from '@throughline/history';
import { ANSWER_MS, type Caller, refuse, refuseWith, sendCommand } from '@throughline/service-host';
import { registeredVersion } from '../definitions/registered-workflow.ts';
import { readHistory } from '../replay/execution-history.ts';
import { inTurns } from '../sessions/turns.ts';

/** A busy execution goes on while it is checked. */
const CHECKS_MAX = 5;

export interface Move {
  readonly executionId: ExecutionId;
  readonly version: number;
  readonly reason?: string;
}

interface Checked {
  readonly from: WorkflowPin;
  /** The last commit that was decided again. */
  readonly version: number;
}

/** Moves running executions to other versions that would have decided the same so far. */
export class Migration {
  constructor(
    private readonly log: EventLog,
    private readonly sender: CommandSender,
  ) {}

  async migrate(caller: Caller, move: Move): Promise<MigrationView> {
    let stale: Refusal | undefined;
    for (let checks = 0; checks < CHECKS_MAX; checks += 1) {
      const checked = await this.check(caller, move);
      const answer = await this.send(caller, move, checked);
      if (answer.outcome === 'accepted') {
        const { name, version: fromVersion } = checked.from;
        return {
          executionId: move.executionId,
          workflow: name,
          fromVersion,
          version: move.version,
          at: answer.version,
        };
      }
      if (answer.outcome === 'unknown') {
        return refuse('TL0009', `no answer within ${ANSWER_MS / 1_000} s; the execution may have moved all the same`);
      }
      if (answer.refusal.code !== 'TL0421') return refuseWith(answer.refusal);
      stale = answer.refusal;
    }
    return refuseWith(stale ?? { code: 'TL0421', message: 'it went on all the time' });
  }

  /** Decides again with the other version all that has happened; refuses where anything would be another thing. */
  private async check({ tenant }: Caller, { executionId, version }: Move): Promise<Checked> {
    const read = await readHistory(this.log, tenant, executionId);
    if (read.kind === 'refused') return refuse(read.code, read.message);
    const state = fold<ExecutionState>(read.commits);
    if (!state?.start) return refuse('TL0105', `no execution ${executionId}`);
    if (isTerminal(state.status)) return refuse('TL0106', `execution ${executionId} has ended: ${state.status}`);
    const { workflow: from } = state.start;
    if (from.version === version)
      return refuse('TL0423', `execution ${executionId} runs on version ${version} already`);
    const { machine } = await registeredVersion(this.log, tenant, { name: from.name, version });
    const first = await inTurns(firstDecidedOtherwise(machine, read.commits));
    if (first) return refuse('TL0420', otherwise(version, first), { first });
    return { from, version: state.version };
  }

  private send(caller: Caller, { executionId, version, reason }: Move, checked: Checked) {
    const body = { ...(reason === undefined ? {} : { reason }), version, checkedVersion: checked.version };
    return sendCommand(this.sender, {
      origin: 'system',
      ref: executionRef(caller.tenant, executionId),
      actor: caller.actor,
      command: { type: 'MigrateExecution', body },
    });
  }
}

const otherwise = (version: number, { commit, step, pointer, reason }: WhatIfDifference): string => {
  const place = step ? `, step '${step.state}'` : '';
  return `version ${version} would have decided otherwise at commit ${commit}${place}: ${reason} at ${pointer || '/'}`;
};
