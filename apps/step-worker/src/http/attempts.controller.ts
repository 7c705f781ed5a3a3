import { Controller, Inject } from '@nestjs/common';
import { routes } from '@throughline/contracts';
import {
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
  type ResponseOf,
} from '@throughline/service-host';
import { AttemptReads } from '../read-model/attempt-reads.ts';

type ListAttempts = typeof routes.listAttempts;

@Controller()
export class AttemptsController {
  private readonly attempts: AttemptReads;

  constructor(@Inject(AttemptReads) attempts: AttemptReads) {
    this.attempts = attempts;
  }

  @Handle(routes.listAttempts)
  async list(
    @CallerOf() caller: Caller,
    @Params() params: ParamsOf<ListAttempts>,
    @Query() query: QueryOf<ListAttempts>,
  ): Promise<ResponseOf<ListAttempts>> {
    const page = await this.attempts.list(caller.tenant, params.id, query);
    return page ?? refuse('TL0105', `there is no execution ${params.id}`);
  }
}
