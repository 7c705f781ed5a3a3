import { Controller, Inject } from '@nestjs/common';
import { routes, type WhatIfReport } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import { canonicalHash } from '@throughline/execution';
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
import { candidateOf } from '../definitions/candidate-definition.ts';
import { registeredWorkflow } from '../definitions/registered-workflow.ts';
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
    const workflow = await registeredWorkflow(this.log, tenant, name);
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
}
