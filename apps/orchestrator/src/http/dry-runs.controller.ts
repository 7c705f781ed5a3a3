import { Controller, Inject } from '@nestjs/common';
import { type DryRunReport, executionRef, routes } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { type CommitAt } from '@throughline/execution';
import { dryRun } from '@throughline/history';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  EVENT_LOG,
  Handle,
  Params,
  type ParamsOf,
  refuse,
} from '@throughline/service-host';
import { Engine } from '../engine.ts';

/** What would happen: decided in memory, by the decider that decides what does. */
@Controller()
export class DryRunsController {
  constructor(
    @Inject(Engine) private readonly engine: Engine,
    @Inject(EVENT_LOG) private readonly log: EventLog,
  ) {}

  @Handle(routes.dryRun)
  async run(
    @CallerOf() caller: Caller,
    @Params() { name }: ParamsOf<typeof routes.dryRun>,
    @Body() { input = {}, version, answers = {}, recordedFrom, until }: BodyOf<typeof routes.dryRun>,
  ): Promise<DryRunReport> {
    const machine = await this.engine.catalog.resolve(caller.tenant, name, version);
    if (!machine) return refuse(version === undefined ? 'TL0101' : 'TL0102', `there is no such workflow '${name}'`);
    const recorded = recordedFrom === undefined ? undefined : await this.recordedOf(caller, recordedFrom);
    const given = { ...(recorded && { recorded }), ...(until === undefined ? {} : { until }) };
    try {
      return dryRun({ machine, input, answers, ...given });
    } catch (thrown) {
      // What a start would be refused for, and answers that no attempt could take.
      return refuse('TL0184', thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  private async recordedOf(caller: Caller, id: string): Promise<readonly CommitAt[]> {
    const read = await this.log.read(executionRef(caller.tenant, id));
    if (read.kind === 'unreadable') return refuse(read.code, read.problem);
    return read.commits.length === 0 ? refuse('TL0105', `no execution ${id}`) : read.commits;
  }
}
