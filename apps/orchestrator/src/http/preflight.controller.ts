import { Controller, Inject } from '@nestjs/common';
import { executionRef, type PreflightResult, type PreflightView, routes } from '@throughline/contracts';
import type { PreflightSubject } from '@throughline/engine';
import { type ExecutionState, foldCommit, initialExecution } from '@throughline/execution';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  refuse,
} from '@throughline/service-host';
import { Engine } from '../engine.ts';
import { callerFindings } from '../preflight/caller-findings.ts';
import { inOrder, worstOf } from '../preflight/findings.ts';

@Controller()
export class PreflightController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Handle(routes.preflightWorkflow)
  async workflow(
    @CallerOf() caller: Caller,
    @Params() { name }: ParamsOf<typeof routes.preflightWorkflow>,
    @Body() { input = {}, version, delivery }: BodyOf<typeof routes.preflightWorkflow>,
  ): Promise<PreflightView> {
    const resolved = await this.engine.catalog.resolve(caller.tenant, name, version);
    if (!resolved) {
      return version === undefined
        ? refuse('TL0101', `no workflow ${name}: register it first`)
        : refuse('TL0102', `workflow ${name} has no version ${version}`);
    }
    return this.look(caller, { tenant: caller.tenant, resolved, input, delivery }, null);
  }

  @Handle(routes.preflightExecution)
  async execution(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.preflightExecution>,
  ): Promise<PreflightView> {
    const ref = executionRef(caller.tenant, id);
    const read = await this.engine.log.read(ref);
    if (read.kind === 'unreadable') return refuse(read.code, read.problem);
    const { start, preflight } = read.commits.reduce<ExecutionState>(foldCommit, initialExecution(ref));
    if (!start) return refuse('TL0105', `no execution ${id}`);
    const { name, version } = start.workflow;
    const resolved = await this.engine.catalog.resolve(caller.tenant, name, version);
    if (!resolved) return refuse('TL0102', `workflow ${name} has no version ${version}`);
    const { tenant } = caller;
    return this.look(caller, { tenant, resolved, input: start.input, delivery: start.asked.delivery }, preflight);
  }

  private async look(
    caller: Caller,
    subject: PreflightSubject,
    recorded: PreflightResult | null,
  ): Promise<PreflightView> {
    const looked = await this.engine.preflight.look(subject);
    const findings = [...inOrder([...looked, ...callerFindings(subject.resolved, caller)])];
    const { name, version } = subject.resolved;
    return { workflow: { name, version }, outcome: worstOf(findings), findings, recorded };
  }
}
