import { Controller, Inject } from '@nestjs/common';
import { type ExecutionErrorsView, executionRef, routes } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { executionErrors } from '@throughline/history';
import { type Caller, CallerOf, EVENT_LOG, Handle, Params, type ParamsOf, refuse } from '@throughline/service-host';

/** What went wrong and what to do, straight from the log. */
@Controller()
export class ErrorsController {
  constructor(@Inject(EVENT_LOG) private readonly log: EventLog) {}

  @Handle(routes.listErrors)
  async list(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.listErrors>,
  ): Promise<ExecutionErrorsView> {
    const read = await this.log.read(executionRef(caller.tenant, id));
    if (read.kind === 'unreadable') return refuse(read.code, read.problem);
    return executionErrors(read.commits) ?? refuse('TL0105', `no execution ${id}`);
  }
}
