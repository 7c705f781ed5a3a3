import { Controller, Inject, Res } from '@nestjs/common';
import { routes } from '@throughline/contracts';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  type ResponseOf,
} from '@throughline/service-host';
import { ActivityPolls } from '../activities/activity-polls.ts';

/** What of a reply a poll looks at: whether somebody is still there to hear it. */
interface OpenReply {
  readonly raw: { once(event: 'close', listener: () => void): unknown };
}

@Controller()
export class ActivitiesController {
  constructor(@Inject(ActivityPolls) private readonly polls: ActivityPolls) {}

  @Handle(routes.pollActivity)
  async poll(
    @CallerOf() caller: Caller,
    @Params() { name }: ParamsOf<typeof routes.pollActivity>,
    @Body() { waitMs, worker }: BodyOf<typeof routes.pollActivity>,
    @Res({ passthrough: true }) reply: OpenReply,
  ): Promise<ResponseOf<typeof routes.pollActivity>> {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    return { task: await this.polls.poll(caller, name, { waitMs, worker, signal: gone.signal }) };
  }
}
