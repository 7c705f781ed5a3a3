import { randomUUID } from 'node:crypto';
import { Controller, Inject } from '@nestjs/common';
import {
  commandIdSchema,
  routes,
  type ScheduleCommand,
  type ScheduleId,
  scheduleRef,
  type ScheduleTriggered,
  type ScheduleView,
} from '@throughline/contracts';
import { triggeredExecution } from '@throughline/execution';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
} from '@throughline/service-host';
import type { Page } from '../read-model/execution-reads.ts';
import { ScheduleReads } from '../read-model/schedule-reads.ts';
import { CommandGateway } from './command-gateway.ts';

@Controller()
export class SchedulesController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(ScheduleReads) private readonly schedules: ScheduleReads,
  ) {}

  @Handle(routes.listSchedules)
  list(@CallerOf() caller: Caller, @Query() query: QueryOf<typeof routes.listSchedules>): Promise<Page<ScheduleView>> {
    return this.schedules.list(caller.tenant, query);
  }

  @Handle(routes.getSchedule)
  async get(@CallerOf() caller: Caller, @Params() { id }: ParamsOf<typeof routes.getSchedule>): Promise<ScheduleView> {
    return (await this.schedules.get(caller.tenant, id)) ?? refuse('TL0150', `there is no schedule ${id}`);
  }

  @Handle(routes.putSchedule)
  put(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.putSchedule>,
    @Body() spec: BodyOf<typeof routes.putSchedule>,
  ): Promise<ScheduleView> {
    return this.told(caller, id, { type: 'PutSchedule', body: { spec } });
  }

  @Handle(routes.deleteSchedule)
  delete(@CallerOf() caller: Caller, @Params() { id }: ParamsOf<typeof routes.deleteSchedule>): Promise<ScheduleView> {
    return this.told(caller, id, { type: 'DeleteSchedule', body: {} });
  }

  @Handle(routes.pauseSchedule)
  pause(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.pauseSchedule>,
    @Body() body: BodyOf<typeof routes.pauseSchedule>,
  ): Promise<ScheduleView> {
    return this.told(caller, id, { type: 'PauseSchedule', body });
  }

  @Handle(routes.resumeSchedule)
  resume(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.resumeSchedule>,
    @Body() body: BodyOf<typeof routes.resumeSchedule>,
  ): Promise<ScheduleView> {
    return this.told(caller, id, { type: 'ResumeSchedule', body });
  }

  @Handle(routes.triggerSchedule)
  async trigger(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.triggerSchedule>,
    @Body() { requestId, ...body }: BodyOf<typeof routes.triggerSchedule>,
  ): Promise<ScheduleTriggered> {
    const commandId = requestId ?? commandIdSchema.parse(randomUUID());
    const ref = scheduleRef(caller.tenant, id);
    await this.commands.send(caller, ref, { type: 'TriggerSchedule', body }, { id: commandId });
    const executionId = triggeredExecution(ref, commandId);
    const { queued } = await this.schedules.state(caller.tenant, id);
    return { executionId, queued: queued?.executionId === executionId };
  }

  /** Commands it, and answers with what it then is. */
  private async told(caller: Caller, id: ScheduleId, command: ScheduleCommand): Promise<ScheduleView> {
    await this.commands.send(caller, scheduleRef(caller.tenant, id), command);
    return (await this.schedules.fromLog(caller.tenant, id)) ?? refuse('TL0150', `there is no schedule ${id}`);
  }
}
