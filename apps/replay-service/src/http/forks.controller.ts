import { Controller, Inject } from '@nestjs/common';
import { type ForkView, routes } from '@throughline/contracts';
import { Body, type BodyOf, type Caller, CallerOf, Handle, Params, type ParamsOf } from '@throughline/service-host';
import { ForkExecution } from '../forks/fork-execution.ts';

@Controller()
export class ForksController {
  constructor(@Inject(ForkExecution) private readonly forks: ForkExecution) {}

  @Handle(routes.forkExecution)
  fork(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.forkExecution>,
    @Body() body: BodyOf<typeof routes.forkExecution>,
  ): Promise<ForkView> {
    return this.forks.fork(caller, id, body);
  }
}
