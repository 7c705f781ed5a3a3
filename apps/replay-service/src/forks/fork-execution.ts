import { randomUUID } from 'node:crypto';
import {
  type ExecutionId,
  executionIdSchema,
  type ForkView,
  type routes,
  type StartExecution,
} from '@throughline/contracts';
import type { Machine } from '@throughline/asl';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { adoptedFrames, framesFrom, misfitOfFrames, requiredRoles, type ResolvedMachine } from '@throughline/execution';
import { attemptRecords, declaredClasses, type ForkBase, forkBase } from '@throughline/history';
import { type BodyOf, type Caller, refuse } from '@throughline/service-host';
import { registerCandidate } from '../definitions/register-candidate.ts';
import { registeredVersion } from '../definitions/registered-workflow.ts';
import { readHistory } from '../replay/execution-history.ts';
import { sendStart } from './send-start.ts';

type ForkAsked = BodyOf<typeof routes.forkExecution>;
type Base = Extract<ForkBase, { kind: 'base' }>;

/** Starts executions that go on from a commit of another one. */
export class ForkExecution {
  constructor(
    private readonly log: EventLog,
    private readonly sender: CommandSender,
  ) {}

  async fork(caller: Caller, id: string, asked: ForkAsked): Promise<ForkView> {
    const { at, patch, frame, live = false } = asked;
    if (live && !caller.permissions.includes('replay:live')) {
      return refuse('TL0419', 'running steps for real needs the permission replay:live');
    }
    const commits = await this.historyOf(caller, id);
    const change = patch && { patch, ...(frame === undefined ? {} : { frame }) };
    const base = forkBase(commits, at, change);
    if (base.kind === 'refused') return refuse(base.code, base.message);
    const { approvals } = base.state;
    const isChanged = patch !== undefined || asked.definition !== undefined || asked.version !== undefined;
    if (isChanged && approvals.some(({ status }) => status === 'approved')) {
      return refuse('TL0419', 'people had agreed to something else before that commit: fork before the approval');
    }
    const machine = await this.machineFor(caller, base, asked);
    const executionId = asked.executionId ?? executionIdSchema.parse(randomUUID());
    const body = startOf(executionIdSchema.parse(id), { commits, base, machine, asked });
    await sendStart(this.sender, { tenant: caller.tenant, executionId, actor: caller.actor, body });
    const { name, version } = machine;
    return {
      executionId,
      origin: { executionId: executionIdSchema.parse(id), at, stateHash: base.stateHash },
      workflow: { name, version },
      live,
    };
  }

  private async historyOf({ tenant }: Caller, id: string): Promise<readonly LoggedCommit[]> {
    const read = await readHistory(this.log, tenant, id);
    return read.kind === 'commits' ? read.commits : refuse(read.code, read.message);
  }

  /** Checked before anything is registered: a fork that is refused leaves nothing behind. */
  private async machineFor(
    caller: Caller,
    { state: { start }, base }: Base,
    { version, definition }: ForkAsked,
  ): Promise<ResolvedMachine> {
    if (!start) throw new Error('a history that does not start');
    const { name } = start.workflow;
    const check = (machine: Machine): void => {
      const missing = requiredRoles(machine).filter((role) => !caller.roles.includes(role));
      if (missing.length > 0) return refuse('TL0003', `${name} requires the role(s) ${missing.join(', ')}`);
      const misfit = misfitOfFrames(machine, adoptedFrames(framesFrom(base.frames)));
      if (misfit !== undefined) return refuse('TL0417', `the definition cannot go on from there: ${misfit}`);
    };
    if (definition === undefined) {
      const of = { name, version: version ?? start.workflow.version };
      const found = await registeredVersion(this.log, caller.tenant, of);
      check(found.machine);
      return found;
    }
    if (version !== undefined) return refuse('TL0001', 'version and definition are two answers: give one of them');
    return registerCandidate({ log: this.log, sender: this.sender }, caller, { name, definition, check });
  }
}

interface Forked {
  readonly commits: readonly LoggedCommit[];
  readonly base: Base;
  readonly machine: ResolvedMachine;
  readonly asked: ForkAsked;
}

const startOf = (origin: ExecutionId, { commits, base, machine, asked }: Forked): StartExecution => {
  const { start, correlationId, labels } = base.state;
  if (!start) throw new Error('a history that does not start');
  const { at, patch, frame, live = false } = asked;
  return {
    workflow: machine.name,
    version: machine.version,
    input: start.input,
    trigger: 'fork',
    parentExecutionId: origin,
    rootExecutionId: start.rootExecutionId,
    correlationId,
    labels: asked.labels ?? labels,
    ...(start.until === null ? {} : { until: start.until }),
    origin: {
      executionId: origin,
      at,
      stateHash: base.stateHash,
      name: start.name ?? origin,
      startedAt: start.startedAt,
      answeredBy: { pure: 'record', idempotent: 'record', external: 'record' },
      effectClasses: declaredClasses(attemptRecords(commits), commits),
      unanswered: live ? 'go-live' : 'review',
      base: base.base,
      ...(patch === undefined ? {} : { patch }),
      ...(frame === undefined ? {} : { patchedFrame: frame }),
    },
  };
};
