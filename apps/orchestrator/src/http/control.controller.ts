import { Controller, Inject } from '@nestjs/common';
import { type ExecutionCommand, executionRef, type ExecutionView, routes } from '@throughline/contracts';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  refuse,
  type ResponseOf,
} from '@throughline/service-host';
import { ApprovalReads } from '../read-model/approval-reads.ts';
import { ExecutionReads } from '../read-model/execution-reads.ts';
import { CommandGateway } from './command-gateway.ts';

/** What people command an execution to do. Each answers with how it stands right after the commit. */
@Controller()
export class ControlController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(ExecutionReads) private readonly executions: ExecutionReads,
    @Inject(ApprovalReads) private readonly approvals: ApprovalReads,
  ) {}

  @Handle(routes.pauseExecution)
  pause(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.pauseExecution>,
    @Body() body: BodyOf<typeof routes.pauseExecution>,
  ): Promise<ExecutionView> {
    return this.command(caller, id, { type: 'PauseExecution', body });
  }

  @Handle(routes.resumeExecution)
  async resume(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.resumeExecution>,
    @Body() body: BodyOf<typeof routes.resumeExecution>,
  ): Promise<ResponseOf<typeof routes.resumeExecution>> {
    await this.mayGoLive(caller, id);
    // As it stands before: the steps are what it goes on with.
    const pendingSteps = (await this.approvals.pendingSteps(caller.tenant, id)) ?? unknown(id);
    const execution = await this.command(caller, id, { type: 'ResumeExecution', body });
    return { execution, pendingSteps };
  }

  @Handle(routes.retryExecution)
  retry(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.retryExecution>,
    @Body() body: BodyOf<typeof routes.retryExecution>,
  ): Promise<ExecutionView> {
    return this.command(caller, id, { type: 'RetryExecution', body });
  }

  @Handle(routes.redriveExecution)
  redrive(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.redriveExecution>,
    @Body() body: BodyOf<typeof routes.redriveExecution>,
  ): Promise<ExecutionView> {
    return this.command(caller, id, { type: 'RedriveExecution', body });
  }

  @Handle(routes.cancelExecution)
  cancel(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.cancelExecution>,
    @Body() body: BodyOf<typeof routes.cancelExecution>,
  ): Promise<ExecutionView> {
    return this.command(caller, id, { type: 'CancelExecution', body: { ...body, cooperative: true } });
  }

  @Handle(routes.terminateExecution)
  terminate(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.terminateExecution>,
    @Body() body: BodyOf<typeof routes.terminateExecution>,
  ): Promise<ExecutionView> {
    return this.command(caller, id, { type: 'TerminateExecution', body });
  }

  @Handle(routes.signalExecution)
  async signal(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.signalExecution>,
    @Body() { name, payload = null }: BodyOf<typeof routes.signalExecution>,
  ): Promise<ExecutionView> {
    await this.mayGoLive(caller, id);
    return this.command(caller, id, { type: 'SignalExecution', body: { name, payload } });
  }

  @Handle(routes.annotateExecution)
  annotate(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.annotateExecution>,
    @Body() body: BodyOf<typeof routes.annotateExecution>,
  ): Promise<ExecutionView> {
    return this.command(caller, id, { type: 'AnnotateExecution', body });
  }

  /** A fork that waits for a review runs its steps for real afterwards. */
  private async mayGoLive(caller: Caller, id: string): Promise<void> {
    if (caller.permissions.includes('replay:live')) return;
    const execution = await this.executions.fromLog(caller.tenant, id);
    if (execution?.trigger === 'fork' && execution.status === 'needs_review') {
      refuse('TL0419', `fork ${id} would run its steps for real, which needs the permission replay:live`);
    }
  }

  private async command(caller: Caller, id: string, command: ExecutionCommand): Promise<ExecutionView> {
    await this.commands.send(caller, executionRef(caller.tenant, id), command);
    return (await this.executions.fromLog(caller.tenant, id)) ?? unknown(id);
  }
}

const unknown = (id: string): never => refuse('TL0105', `no execution ${id}`);
