import { Controller, Inject } from '@nestjs/common';
import { parseMachine, readDefinitionText } from '@throughline/asl';
import { type Json, routes, type Tenant, type WhatIfReport } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import { canonicalHash, workflowRef, type WorkflowState } from '@throughline/execution';
import { fold } from '@throughline/history';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  EVENT_LOG,
  Handle,
  NATS_CONNECTION,
  Params,
  type ParamsOf,
  refuse,
} from '@throughline/service-host';
import { recentExecutions } from '../what-if/recent-executions.ts';
import { runGate } from '../what-if/what-if-gate.ts';

const GATES_MAX = 2;

@Controller()
export class WhatIfController {
  private running = 0;

  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(NATS_CONNECTION) private readonly nc: NatsConnection,
  ) {}

  @Handle(routes.whatIf)
  async whatIf(
    @CallerOf() { tenant }: Caller,
    @Params() { name }: ParamsOf<typeof routes.whatIf>,
    @Body() { definition: given, last, version }: BodyOf<typeof routes.whatIf>,
  ): Promise<WhatIfReport> {
    const { definition, machine } = candidateOf(given);
    const workflow = await this.workflowOf(tenant, name);
    if (version !== undefined && !workflow.versions[version - 1]) {
      return refuse('TL0102', `workflow ${name} has no version ${version}`);
    }
    const hash = canonicalHash(definition);
    const registered = workflow.versions.find((one) => one.hash === hash)?.version ?? null;
    const of = { workflow: name, candidate: { hash, states: machine.stateCount, version: registered } };
    if (this.running >= GATES_MAX) return refuse('TL0010', `${GATES_MAX} what-ifs are running: try again later`);
    this.running += 1;
    try {
      const asked = { workflow: name, last, ...(version === undefined ? {} : { version }) };
      const found = await recentExecutions(this.nc, tenant, asked);
      if (found.kind === 'unknown') return refuse('TL0008', `no orchestrator said which executions: ${found.problem}`);
      return await runGate(this.log, { tenant, machine, executions: found.executions, of });
    } finally {
      this.running -= 1;
    }
  }

  private async workflowOf(tenant: Tenant, name: string): Promise<WorkflowState> {
    const read = await this.log.read(workflowRef(tenant, name));
    if (read.kind === 'unreadable') return refuse(read.code, read.problem);
    const state = fold<WorkflowState>(read.commits);
    return state?.name === name ? state : refuse('TL0101', `no workflow ${name}: register it first`);
  }
}

const candidateOf = (given: Json) => {
  // A string is the text of a definition.
  const read = typeof given === 'string' ? readDefinitionText(given) : ({ ok: true, definition: given } as const);
  const parsed = read.ok ? parseMachine(read.definition) : read;
  if (read.ok && parsed.ok) return { definition: read.definition, machine: parsed.machine };
  const faults = parsed.ok ? [] : [...parsed.faults];
  return refuse('TL0103', `the definition has ${faults.length} fault(s)`, { faults });
};
