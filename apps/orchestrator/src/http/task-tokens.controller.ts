import { Controller, Inject } from '@nestjs/common';
import { routes, type TaskReported } from '@throughline/contracts';
import { Body, type BodyOf, type Caller, CallerOf, Handle } from '@throughline/service-host';
import { TaskReports } from '../task-tokens/task-reports.ts';

/** Tokens are long and secret, so they come in the body: addresses end up in logs. */
@Controller()
export class TaskTokensController {
  constructor(@Inject(TaskReports) private readonly reports: TaskReports) {}

  @Handle(routes.sendTaskSuccess)
  success(@CallerOf() caller: Caller, @Body() body: BodyOf<typeof routes.sendTaskSuccess>): Promise<TaskReported> {
    return this.reports.report(caller, { kind: 'success', body });
  }

  @Handle(routes.sendTaskFailure)
  failure(@CallerOf() caller: Caller, @Body() body: BodyOf<typeof routes.sendTaskFailure>): Promise<TaskReported> {
    return this.reports.report(caller, { kind: 'failure', body });
  }

  @Handle(routes.sendTaskHeartbeat)
  heartbeat(@CallerOf() caller: Caller, @Body() body: BodyOf<typeof routes.sendTaskHeartbeat>): Promise<TaskReported> {
    return this.reports.report(caller, { kind: 'heartbeat', body });
  }
}
