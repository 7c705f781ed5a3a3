import { Controller, Inject } from '@nestjs/common';
import { type ReplayRequest, type ReplaySessionView, routes } from '@throughline/contracts';
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
  type ResponseOf,
} from '@throughline/service-host';
import { SessionReads } from '../read-model/session-reads.ts';
import { SessionRunner } from '../sessions/session-runner.ts';

@Controller()
export class ReplayController {
  constructor(
    @Inject(SessionRunner) private readonly runner: SessionRunner,
    @Inject(SessionReads) private readonly sessions: SessionReads,
  ) {}

  @Handle(routes.replayExecution)
  async replay(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.replayExecution>,
    @Body() body: BodyOf<typeof routes.replayExecution>,
  ): Promise<ReplaySessionView> {
    if (body.kind === 're-execute' && !caller.permissions.includes('executions:start')) {
      return refuse('TL0003', 'a re-execution is an execution of its own, which needs the permission executions:start');
    }
    if (body.live && !caller.permissions.includes('replay:live')) {
      return refuse('TL0419', 'running steps for real needs the permission replay:live');
    }
    return this.begun(caller, { scope: 'execution', executionId: id, ...body });
  }

  @Handle(routes.replayAll)
  async replayAll(
    @CallerOf() caller: Caller,
    @Body() body: BodyOf<typeof routes.replayAll>,
  ): Promise<ReplaySessionView> {
    return this.begun(caller, { scope: 'all', ...body });
  }

  @Handle(routes.listReplaySessions)
  list(
    @CallerOf() { tenant }: Caller,
    @Query() query: QueryOf<typeof routes.listReplaySessions>,
  ): Promise<ResponseOf<typeof routes.listReplaySessions>> {
    return this.sessions.list(tenant, query);
  }

  @Handle(routes.listReplaysOfExecution)
  listOfExecution(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.listReplaysOfExecution>,
    @Query() query: QueryOf<typeof routes.listReplaysOfExecution>,
  ): Promise<ResponseOf<typeof routes.listReplaysOfExecution>> {
    return this.sessions.list(tenant, { ...query, executionId: id });
  }

  @Handle(routes.getReplaySession)
  async session(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.getReplaySession>,
  ): Promise<ReplaySessionView> {
    const view = (await this.sessions.get(tenant, id)) ?? refuse('TL0004', `no replay session ${id}`);
    if (view.status !== 'running') return view;
    // What this process knows is newer than what it has said so far.
    return { ...view, progress: this.runner.progressOf(tenant, id) ?? view.progress };
  }

  private async begun(caller: Caller, request: ReplayRequest): Promise<ReplaySessionView> {
    const id = await this.runner.request(caller, request);
    return (await this.sessions.fromLog(caller.tenant, id)) ?? refuse('TL0007', `session ${id} is not there`);
  }
}
